import { z } from "zod";
import { RIGHT_NAMES } from "./right.ts";

/** A right in a body, by its code. */
export const RightName = z.enum(RIGHT_NAMES).meta({ id: "Right" });
