/** A label, and how probable it is, from 0 to 1. */
export interface Label {
  readonly label: string;
  readonly score: number;
}
