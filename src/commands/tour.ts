// npm run tour [-- --url http://127.0.0.1:8787]: plays a story against a running gate and prints each call
// with its answer. It ends with 1 when an answer is not the expected one. Every run makes accounts of its
// own. For another local gate than the one of `npm start`, the platform owner's API key is taken from
// TOLLGATE_PLATFORM_KEY.
import { parseArgs } from "node:util";
import { now } from "../kernel/clock.ts";
import type { Answer, ExpectedCall, Caller } from "./gate-client.ts";
import { readDemo, runningGate } from "./local-state.ts";
import { MODEL_TOURS } from "./tour-models.ts";
import { TOUR_STEPS } from "./tour-steps.ts";
import { formatCall } from "./tour-log.ts";

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { url: { type: "string" } } });
  const url = (values.url ?? runningGate()?.url ?? "http://127.0.0.1:8787").replace(/\/$/, "");
  if (!LOOPBACK.test(url))
    throw new Error(
      "The tour calls from pretended addresses, which only a gate on this machine believes. " +
        "Use http://127.0.0.1 with a port.",
    );
  const credential = process.env["TOLLGATE_PLATFORM_KEY"] ?? readDemo()?.platform.apiKey;
  if (credential === undefined)
    throw new Error(
      "There is no platform key: neither .tollgate/demo.json (npm start makes it) nor TOLLGATE_PLATFORM_KEY.",
    );
  await fetch(`${url}/.well-known/jwks.json`).catch(() => {
    throw new Error(`No gate answers at ${url}. Start it in another terminal: npm start`);
  });

  let calls = 0;
  const seen = (caller: Caller, ask: ExpectedCall, answer: Answer) => {
    calls += 1;
    console.log(formatCall(caller, ask, answer).join("\n"));
  };
  const platform: Caller = { url, credential, address: null, who: "Platform", onAnswer: seen };
  const world = await TOUR_STEPS.open(platform, now());
  for (const [index, { title, play }] of TOUR_STEPS.scenes.entries()) {
    console.log(`\n${index + 1}. ${title}`);
    await play(world);
  }
  for (const [index, { title, play }] of MODEL_TOURS.entries()) {
    console.log(`\n${TOUR_STEPS.scenes.length + index + 1}. ${title}`);
    await play({ platform, now: now(), say: console.log });
  }
  console.log(`\nThe tour is over: ${calls} calls, every answer as expected.`);
}

await main().catch((error: Error) => {
  console.error(`\nThe tour failed. ${error.message}`);
  process.exitCode = 1;
});
