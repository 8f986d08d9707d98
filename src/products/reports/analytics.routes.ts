import { z } from "zod";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { countResources } from "./analytics.store.ts";
import type { ResourceType } from "../../resources/resource-type.ts";

const Counts = z
  .object({
    data: z.array(z.object({ type: z.string(), status: z.string(), count: z.number() })),
  })
  .meta({ id: "ObjectCounts" });

/** Numbers only. Which objects they are is shown only to members who may see those. */
export const analyticsEndpoints = (types: readonly ResourceType[]): Endpoint[] => {
  const counted = types.filter(({ stored }) => stored !== null).map(({ name }) => name);
  return [
    endpoint(
      {
        method: "GET",
        path: "/v1/analytics",
        operationId: "getAnalytics",
        tag: "Analytics",
        right: "analytics.view",
        status: 200,
        summary: "How many objects the account has, by type and status.",
        answer: Counts,
      },
      async (call) => {
        call.requireRight("analytics.view");
        const [data] = await call.read(countResources(call.db, call.principal.accountId, counted));
        return { status: 200, body: { data } };
      },
    ),
  ];
};
