import type { Env } from "../../env.ts";

const LOOPBACK = /^(?:localhost|[^.]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether mails are kept to be read: only if the setting is on and the gate runs on the loopback address. */
export const isDevMailOn = ({ DEV_MAIL, ISSUER }: Pick<Env, "DEV_MAIL" | "ISSUER">): boolean =>
  DEV_MAIL === "on" && LOOPBACK.test(URL.parse(ISSUER)?.hostname ?? "");
