import type { Messages } from "../messages";
import { calendar } from "./calendar";
import { common, failure, shell } from "./common";
import { firstRun } from "./first-run";
import { inventory } from "./inventory";
import { jobs, schedules } from "./jobs";
import { jobWizard } from "./job-wizard";
import { notices } from "./notices";
import { palette } from "./palette";
import { points, restore } from "./restore";
import { runs } from "./runs";
import { load, mounts, overview, settings } from "./settings";
import { storage } from "./storage";
import { updates } from "./updates";

export const ja: Messages = { calendar, common, palette, shell, failure, firstRun, inventory, jobs, schedules, jobWizard, notices, runs, points, restore, settings, storage, load, mounts, overview, updates };
