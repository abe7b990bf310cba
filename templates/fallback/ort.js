import { library } from "./facts.js";

/** Where an ONNX Runtime keeps what it was asked last: it does one thing at a time, whatever models ask. */
const LAST = "webnn-convert";

/** A context for load() with these options. */
export async function contextOf({ ort = library, devices }) {
  try {
    const imported = typeof ort === "function" ? await ort() : ort;
    const found = imported.InferenceSession ? imported : imported.default;
    const isOnGpu = globalThis.navigator?.gpu && !devices?.every((device) => device === "cpu");
    const processor = found.env.versions?.node ? "cpu" : "wasm"; // what onnxruntime-node calls the processor
    return new Context(found, isOnGpu ? ["webgpu", processor] : [processor]);
  } catch (error) {
    throw new Error(
      `ONNX Runtime is not there (${error.message}): npm install onnxruntime-web, name it in an import map, or give load({ ort })`,
    );
  }
}

/** Like an MLTensor; its value is where ONNX Runtime has it. */
class Held {
  constructor(context, { dataType, shape }) {
    this.context = context;
    this.dataType = dataType;
    this.shape = shape;
  }

  /** The value of these bytes. */
  of(buffer) {
    const { context, dataType, shape } = this;
    const [View] = context.types[dataType];
    return new context.ort.Tensor(dataType, new View(buffer), shape);
  }

  /** The value, which is all zeros until something is written; or a copy, of which ONNX Runtime's worker takes the memory away. */
  get(isCopy = false) {
    if (this.error) throw this.error;
    const bits = this.shape.reduce((a, b) => a * b, this.context.types[this.dataType][1]);
    this.value ??= this.of(new ArrayBuffer(Math.ceil(bits / 8)));
    return isCopy ? this.of(this.value.data.slice().buffer) : this.value;
  }

  set(value = undefined, error = undefined) {
    this.value?.dispose();
    this.value = value;
    this.error = error;
  }

  destroy() {
    this.gone = true;
    this.context.next(() => this.set());
  }
}

/** Like an MLContext that takes every graph. */
class Context {
  types = {};
  /** @type {string | undefined} */
  backend;
  lost = new Promise((resolve) => {
    this.lose = resolve;
  });

  constructor(ort, providers) {
    this.ort = ort;
    this.providers = providers;
  }

  /** Does something when all is done that was asked before. */
  next(step) {
    const { env } = this.ort;
    const done = Promise.resolve(env[LAST]).then(step);
    env[LAST] = done.catch(() => {});
    return done;
  }

  opSupportLimits() {
    return new Proxy({}, { get: () => ({ dataTypes: { includes: () => true } }) });
  }

  async createTensor(descriptor) {
    return new Held(this, descriptor);
  }

  writeTensor(tensor, data) {
    const value = tensor.of(new Uint8Array(data.buffer ?? data, data.byteOffset, data.byteLength).slice().buffer);
    this.next(() => tensor.set(value));
  }

  async readTensor(tensor) {
    return this.next(async () => {
      const { buffer, byteOffset, byteLength } = await tensor.get().getData();
      return buffer.slice(byteOffset, byteOffset + byteLength);
    });
  }

  dispatch({ session, inputs, members }, feeds, results) {
    const bound = Object.values(feeds);
    for (const { name, dataType, shape } of members) {
      const tensor = results[name] ?? feeds[name];
      if (!tensor) continue; // nothing reads it
      const isRight = tensor.context === this && !tensor.gone && tensor.dataType === dataType && `${tensor.shape}` === `${shape}`;
      if (!isRight || (results[name] && bound.includes(tensor))) {
        throw new TypeError(`${name} must be a tensor of this context, ${dataType}[${shape}], an output one of its own`);
      }
      bound.push(tensor);
    }
    this.next(async () => {
      if (Object.values(results).every(({ gone }) => gone)) return; // nobody will see it
      const set = (computed, error = undefined) => {
        for (const name in results) results[name].set(computed[name], error);
      };
      try {
        const values = {};
        // ONNX Runtime wants those that nothing reads, too.
        for (const input of inputs) values[input.name] = (feeds[input.name] ?? new Held(this, input)).get(this.ort.env.wasm?.proxy);
        set(await session.run(values));
      } catch (error) {
        set({}, error);
      }
    });
  }

  /** Like an MLGraph: the ONNX model that arrives as `model`, whose weights are in safetensors `files`. */
  async onnx({ ModelError, TYPES, WEIGHTS, WEIGHT_FILES, inputs, outputs, weightsDigest, url, model, files, stream }) {
    const wrong = () =>
      new ModelError("weights-mismatch", `${url}, the module and its weights are not of one conversion: publish all files together`);
    /** Puts the pieces aside, each of which may be gone when the next is there. */
    const kept = async function* (pieces, parts) {
      for await (const piece of pieces) {
        parts.push(new Blob([piece]));
        yield piece;
      }
    };
    const joined = async (parts) => new Uint8Array(await new Blob(parts).arrayBuffer());
    const text = (bytes, encoding) => new TextDecoder(encoding).decode(bytes);
    const own = [];
    const others = files.map(() => []);
    for await (const _ of kept(model, own));
    const bytes = await joined(own);
    if (!text(bytes, "latin1").includes(weightsDigest)) throw wrong();
    await stream(files.map((file, i) => () => kept(file(), others[i])));
    const externalData = [];
    for (const parts of others) {
      const data = await joined(parts);
      const start = 8 + Number(new DataView(data.buffer).getBigUint64(0, true));
      const header = JSON.parse(text(data.subarray(8, start)));
      const isHere = (name) => Object.hasOwn(header, name);
      const here = WEIGHTS.filter(({ name }) => isHere(name));
      if (!here.length) continue;
      const file = WEIGHT_FILES.find(({ has }) => isHere(has));
      // The digest says that the weights are the right ones, but not that they are where the model reads them.
      const starts = here.reduce((sum, { name }) => sum + start + header[name].data_offsets[0], 0);
      if (file?.starts !== starts) throw wrong();
      externalData.push({ path: file.path, data });
    }
    const session = await this.next(async () => {
      let why;
      for (const provider of this.providers) {
        const exact = { disable_quant_qdq: provider === "cpu" ? "1" : "0" }; // else it rounds what is multiplied with quantized weights
        const isOnGpu = provider === "webgpu";
        try {
          if (isOnGpu && TYPES.float16 && !(await navigator.gpu.requestAdapter())?.features.has("shader-f16")) continue;
          const made = await this.ort.InferenceSession.create(bytes, {
            // In NHWC it convolves 6 or 9 channels wrong: https://github.com/microsoft/onnxruntime/issues/29651
            executionProviders: [{ name: provider, preferredLayout: "NCHW" }],
            externalData,
            extra: { session: exact },
            preferredOutputLocation: Object.fromEntries(
              // WebGPU has no buffers of these types.
              outputs.map(({ name, dataType }) => [name, isOnGpu && !/^int8|uint64/.test(dataType) ? "gpu-buffer" : "cpu"]),
            ),
          });
          this.providers = [provider];
          this.backend = `ort-${provider}`;
          if (isOnGpu) (await this.ort.env.webgpu.device)?.lost.then(this.lose);
          return made;
        } catch (error) {
          why = error;
        }
      }
      throw why;
    });
    Object.assign(this.types, TYPES);
    return { session, inputs, members: [...inputs, ...outputs], destroy: () => this.next(() => session.release()) };
  }

  destroy() {
    this.lose({ message: "destroy() was called" });
  }
}
