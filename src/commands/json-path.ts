/**
 * The value at a path in a JSON text. `data.0.id` goes by names and places.
 * `data.name=Aurora.id` takes the first row whose `name` is Aurora. @returns undefined where there is none
 */
export function valueAtPath(json: string, path: string): unknown {
  try {
    return path.split(".").reduce<unknown>(valueAtStep, JSON.parse(json));
  } catch {
    return undefined;
  }
}

function valueAtStep(value: unknown, part: string): unknown {
  if (value === null || typeof value !== "object") return undefined;
  const [, name, expected] = /^(\w+)=(.*)$/.exec(part) ?? [];
  if (name === undefined)
    return Object.hasOwn(value, part) ? (value as Record<string, unknown>)[part] : undefined;
  const rows = Array.isArray(value) ? value : [];
  return rows.find((row: unknown) => String((row as Record<string, unknown> | null)?.[name]) === expected);
}
