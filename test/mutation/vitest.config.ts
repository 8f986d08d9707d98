import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Properties take seconds; most changes are seen by an example before. */
const isSlow = ({ moduleId }: TestSpecification): boolean => /-(properties|model)\.test\.ts$/.test(moduleId);

class ExamplesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((one, other) => Number(isSlow(one)) - Number(isSlow(other)));
  }
}

/** The pure tests of the rules that are changed, in one project: see stryker.config.ts. */
export default defineConfig({
  root: resolve(import.meta.dirname, "../.."),
  test: {
    include: [
      "test/pure/{access,credits}/**/*.test.ts",
      "test/pure/kernel/input-forms.test.ts",
      "test/pure/products/report.test.ts",
    ],
    setupFiles: ["test/mutation/property.ts"],
    sequence: { sequencer: ExamplesFirst },
    testTimeout: 30_000,
  },
});
