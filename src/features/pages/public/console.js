// The operator's console: sign-in, and the sections catalog, notices, users and budget.

import { budgetSection } from "./lib/console-budget.js";
import { catalogSection } from "./lib/console-catalog.js";
import { compareSection } from "./lib/console-compare.js";
import { hasUnsavedText } from "./lib/console-draft.js";
import { editorSection } from "./lib/console-editor.js";
import { loginForm } from "./lib/console-login.js";
import { noticesSection } from "./lib/console-notices.js";
import { signIn, signOut } from "./lib/console-session.js";
import { clearReport, focusSection, hasSection, openShell, showSection } from "./lib/console-shell.js";
import { forgetUser, userSection } from "./lib/console-user.js";
import { byId, fill } from "./lib/dom.js";
import { startPage } from "./lib/site.js";

const SECTIONS = [catalogSection, editorSection, compareSection, noticesSection, userSection, budgetSection];

/** @param {string} reason */
function askForToken(reason) {
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  forgetUser();
  document.title = "Console – Weir";
  const { form, focus } = loginForm(reason, (token) => {
    signIn(token, askForToken);
    openShell(byId("content"), SECTIONS);
    focusSection();
  });
  fill(byId("content"), form);
  focus();
}

addEventListener("hashchange", () => {
  if (!hasSection()) return;
  clearReport();
  showSection();
  focusSection();
});
// A page that the browser keeps for its back button would keep the token too.
addEventListener("pagehide", () => signOut());
addEventListener("beforeunload", (event) => {
  if (hasUnsavedText()) event.preventDefault();
});

await startPage({ hasToken: false });
askForToken("");
