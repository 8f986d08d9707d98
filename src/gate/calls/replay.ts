import type { Answer } from "../../kernel/http/operation.ts";

/**
 * The effect was made before under the same Idempotency-Key: `answer` is the answer of this call. Never
 * leaves the gate.
 */
export class Replay extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super("made before");
    this.answer = answer;
  }
}
