import { resolve } from "node:path";
import type { WorkerConfig } from "../harness/worker-build.ts";

/** Index of the driver in the harness: the gate, the bare routes, the driver. */
export const DRIVER = 2;

/** The workers beside the gate: the bare routes, and the driver that calls both. */
export function extraWorkers(first: WorkerConfig): WorkerConfig[] {
  const { migrations: _, triggers: __, queues: ___, no_bundle: ____, vars: _____, ...rest } = first;
  const bare = {
    ...rest,
    name: "bare",
    main: resolve(import.meta.dirname, "bare-worker.ts"),
    vars: {},
    queues: { producers: [] },
    durable_objects: { bindings: [{ name: "BARE", class_name: "BareObject" }] },
    migrations: [{ tag: "v1", new_sqlite_classes: ["BareObject"] }],
  };
  const driver = {
    ...rest,
    name: "driver",
    main: resolve(import.meta.dirname, "driver-worker.ts"),
    vars: {},
    queues: { producers: [] },
    d1_databases: [],
    durable_objects: { bindings: [] },
    services: [
      { binding: "EDGE", service: first.name },
      { binding: "BARE", service: "bare" },
    ],
  };
  return [bare, driver];
}
