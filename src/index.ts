import { app, ledgerOutboxesOf } from "./app.ts";
import { consumeAuditBatch } from "./audit/chain/consumer.queue.ts";
import { sweepAudit } from "./audit/chain/sweep.store.ts";
import { sweepTierCredits } from "./accounts/tiers/tier-credit.change.ts";
import type { Env } from "./env.ts";
import { sweepCharges } from "./resources/charge-sweep.change.ts";
import { sweepCredits } from "./channels/webhooks/credit.change.ts";
import { sweepStrayFiles } from "./products/licensing/theme-file.store.ts";
import { now } from "./kernel/clock.ts";
import { consumeMailBatch, MAIL_QUEUE } from "./channels/mail/consumer.queue.ts";
import { sweepMails } from "./channels/mail/delivery.queue.ts";
import { openDb } from "./kernel/db.ts";
import { pruneSignIn } from "./people/sign-in/sign-in-prune.store.ts";
import { sweepSearchFields } from "./people/members/refold.store.ts";

export { AccountObject } from "./credits/account.object.ts";

export default {
  fetch: app.fetch,
  queue: (batch, env) =>
    batch.queue === MAIL_QUEUE
      ? consumeMailBatch(batch, env)
      : consumeAuditBatch(batch, env, ledgerOutboxesOf(env)),
  scheduled: async (_controller, env) => {
    await sweepCharges(env);
    await sweepCredits(env);
    await sweepTierCredits(env);
    await sweepAudit({ db: openDb(env.DB), signingKeys: env.SIGNING_KEYS, ledgers: ledgerOutboxesOf(env) });
    await sweepMails(env);
    await sweepStrayFiles(openDb(env.DB), env.FILES, now());
    await pruneSignIn(openDb(env.DB), now());
    await sweepSearchFields(openDb(env.DB));
  },
} satisfies ExportedHandler<Env>;
