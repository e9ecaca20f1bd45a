import type { Messages } from "../messages";
import { common, failure, shell } from "./common";
import { firstRun } from "./first-run";
import { inventory } from "./inventory";
import { jobs, schedules } from "./jobs";
import { jobWizard } from "./job-wizard";
import { points, restore } from "./restore";
import { runs } from "./runs";
import { load, mounts, overview, settings } from "./settings";
import { updates } from "./updates";

export const ja: Messages = { common, shell, failure, firstRun, inventory, jobs, schedules, jobWizard, runs, points, restore, settings, load, mounts, overview, updates };
