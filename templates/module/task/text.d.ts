/** What is written, and how probable that is, from 0 to 1: the mean of its characters. */
export interface Text {
  readonly text: string;
  readonly score: number;
}

/** A word, and when it is said, in seconds. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What is said. */
export interface Transcript extends Text {
  readonly chunks: readonly Word[];
}
