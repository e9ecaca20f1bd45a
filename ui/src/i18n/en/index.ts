import { alarms } from "./alarms";
import { calendar } from "./calendar";
import { common, failure, shell } from "./common";
import { firstRun } from "./first-run";
import { home } from "./home";
import { inventory } from "./inventory";
import { jobs, schedules } from "./jobs";
import { jobWizard } from "./job-wizard";
import { notices } from "./notices";
import { palette } from "./palette";
import { points, restore } from "./restore";
import { runs } from "./runs";
import { load, mounts, settings } from "./settings";
import { storage } from "./storage";
import { updates } from "./updates";

export const en = { alarms, calendar, common, palette, shell, failure, firstRun, home, inventory, jobs, schedules, jobWizard, notices, runs, points, restore, settings, storage, load, mounts, updates };
