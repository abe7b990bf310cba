/** Something in a picture, how probable it is, from 0 to 1, and where it is, in pixels of the picture. */
export interface Found {
  readonly label: string;
  readonly score: number;
  readonly box: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
}
