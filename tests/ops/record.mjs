// Imports every module named on the command line, builds with a recording builder, and prints the calls of each as JSON:
// the method, its positional arguments (operands as "operand") and the members of its options.
let calls;
const operand = { *[Symbol.iterator]() { for (;;) yield operand; }, toJSON: () => "operand" };
const isOptions = (value) => Object.getPrototypeOf(Object(value)) === Object.prototype && value !== operand;

globalThis.MLGraphBuilder = class {
  constructor() {
    const method = (name) => (...args) => {
      const options = isOptions(args.at(-1)) ? args.pop() : {};
      calls.push([name, args, options]);
      return operand;
    };
    return new Proxy({}, { get: (_, name) => (name === "build" ? async () => ({ destroy() {} }) : method(name)) });
  }
};

const recorded = [];
for (const path of process.argv.slice(2)) {
  calls = [];
  const module = await import(path);
  await module.build({}, new Map());
  recorded.push(calls);
}
const plain = (_, value) => (typeof value === "bigint" ? Number(value) : Number.isFinite(value) || typeof value !== "number" ? value : String(value));
console.log(JSON.stringify(recorded, plain));
