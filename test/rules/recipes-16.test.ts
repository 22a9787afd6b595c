import { recipeTests } from "./support-recipes.ts";

recipeTests(16);
