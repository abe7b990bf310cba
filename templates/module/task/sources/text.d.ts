/** A text. One of more tokens than the model takes is a mistake whose `cause` is `{ tokens, most }`, or with `truncate` cut. */
export type Source = string;
