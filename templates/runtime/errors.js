/** What goes wrong, by its `code`; `cause` is the error behind it, of a call that was aborted the reason that its signal gave. */
export class ModelError extends Error {
  constructor(code, message, cause) {
    super(message, { cause });
    this.name = "ModelError";
    this.code = code;
  }
}

const badInput = (message) => new ModelError("bad-input", message);

export { badInput };
