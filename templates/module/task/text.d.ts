/** What is written, and how probable that is, from 0 to 1: the mean of its characters. */
export interface Text {
  readonly text: string;
  readonly score: number;
}
