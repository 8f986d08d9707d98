/**
 * The script of every page, for a browser. It writes text only, never markup, and sends what was typed to
 * this gate only.
 */
export const PAGE_SCRIPT = `"use strict";
(() => {
  const { flow, sayings } = JSON.parse(document.getElementById("data").textContent);
  const form = document.getElementById("form");
  const said = document.getElementById("said");
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  const known = token === null ? {} : { token };
  const steps = token === null ? flow.without : flow.withToken;
  let at = 0;

  const add = (name, text, more) => {
    const element = Object.assign(document.createElement(name), more);
    element.textContent = text;
    form.append(element);
    return element;
  };
  const say = (text, refused) => {
    said.textContent = text;
    said.className = refused ? "refused" : "";
  };
  const show = () => {
    const step = steps[at];
    form.replaceChildren();
    add("p", step.text);
    for (const { name, type, autocomplete } of step.fields) {
      const input = document.createElement("input");
      add("label", sayings.labels[name]).append(
        Object.assign(input, { name, type, autocomplete, required: true }),
      );
    }
    add("button", step.button, { type: "submit" });
  };
  const bodyOf = (step, more) => {
    for (const { name } of step.fields) {
      const value = form.elements[name].value.trim();
      known[name] = name === "code" ? value.replace(/\\D/g, "") : value;
    }
    const filled = Object.entries(step.body).map(([name, value]) => [
      name,
      value[0] === "$" ? known[value.slice(1)] : value,
    ]);
    return JSON.stringify({ ...Object.fromEntries(filled), ...more });
  };
  const finish = (body) => {
    history.replaceState(null, "", location.pathname);
    form.replaceChildren();
    say(flow.done, false);
    const access = (body.session && body.session.access_token) || body.access_token;
    const shown = access || body.secret;
    if (shown) {
      const area = document.createElement("textarea");
      add("label", access ? sayings.signedIn : sayings.key).append(
        Object.assign(area, { id: "token", readOnly: true, value: shown }),
      );
    }
  };
  const refuse = (problem, step) => {
    const errors = (problem.errors || []).map(
      ({ pointer, detail }) => (sayings.labels[pointer.slice(1)] || pointer) + ": " + detail,
    );
    say([sayings.problems[problem.code] || problem.detail, ...errors].join(" "), true);
    for (const choice of form.querySelectorAll("button[type=button]")) choice.remove();
    if (!problem.accounts) return;
    say(sayings.choose, false);
    for (const { accountId, name, invitation } of problem.accounts) {
      const text = invitation ? name + ": " + sayings.invited : name;
      add("button", text, { type: "button", onclick: () => send(step, { accountId }) });
    }
  };
  const send = async (step, more) => {
    const sent = bodyOf(step, more);
    const buttons = [...form.querySelectorAll("button")];
    for (const button of buttons) button.disabled = true;
    say("", false);
    try {
      const answer = await fetch(step.path, {
        method: "POST",
        // A refusal is in the language of the page.
        headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
        body: sent,
      });
      const text = await answer.text();
      const body = text === "" ? {} : JSON.parse(text);
      if (!answer.ok) refuse(body, step);
      else if (at + 1 < steps.length) { at += 1; show(); }
      else finish(body);
    } catch {
      say(sayings.unreachable, true);
    }
    for (const button of buttons) button.disabled = false;
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(steps[at], {});
  });
  if (steps.length === 0) say(sayings.notWhole, true);
  else show();
})();`;
