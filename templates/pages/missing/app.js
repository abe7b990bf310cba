// What is shown where nothing is.
import { theming } from "../common/theme.js";

theming();
