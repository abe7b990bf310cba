/** A text. One of more tokens than the model takes is a mistake, or with `truncate` cut. */
export type Source = string;
