/** How alike two vectors are: their cosine, from -1 to 1. Throws a ModelError where their sizes differ. */
export declare function similar(one: ArrayLike<number>, other: ArrayLike<number>): number;
