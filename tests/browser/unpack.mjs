// Unpacks the browser of @sparticuz/chromium: node unpack.mjs <the package's bin folder> <destination>
import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

const [source, destination] = process.argv.slice(2);
const unpacked = (name) => brotliDecompressSync(readFileSync(join(source, name)));

// The libraries first, the executable last and at once: its presence says that everything is there.
execFileSync("tar", ["-x", "--no-same-owner", "-C", destination], { input: unpacked("swiftshader.tar.br") });
const partial = join(destination, "chromium.partial");
writeFileSync(partial, unpacked("chromium.br"), { mode: 0o755 });
renameSync(partial, join(destination, "chromium"));
