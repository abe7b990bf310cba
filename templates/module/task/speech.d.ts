/** When somebody speaks, in seconds. */
export interface Spoken {
  readonly start: number;
  readonly end: number;
}
