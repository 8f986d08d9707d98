const escapeCell = (text: string): string => text.replaceAll("\n", " ").replaceAll(/[|<]/g, "\\$&");

/** A table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}

export const code = (text: string): string => `\`${text}\``;

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
  [1_000, "second"],
  [1, "millisecond"],
];

const plural = (count: number, name: string): string => `${count} ${name}${count === 1 ? "" : "s"}`;

/** In the largest unit that has a whole number. Up to 48 hours, days are hours. */
export function duration(ms: number): string {
  const [size, name] = UNITS.find(([unit]) => ms % unit === 0) ?? [1, "millisecond"];
  return size === 86_400_000 && ms <= 2 * size ? plural(ms / 3_600_000, "hour") : plural(ms / size, name);
}

export const bytes = (count: number): string =>
  count % 1_048_576 === 0
    ? `${count / 1_048_576} MiB`
    : count % 1_024 === 0
      ? `${count / 1_024} KiB`
      : `${formatCount(count)} bytes`;

export const formatCount = (count: number): string => String(count).replaceAll(/\B(?=(\d{3})+$)/g, ",");
