// Accessibility faults that a machine can see (part of WCAG 2.2 AA): names, headings, tables, language, contrast.
// Evaluated in the page by Page.faults() of browser.py; each line of the answer names the rule and the element.
(() => {
  const faults = [];
  const all = (selector) => document.querySelectorAll(selector);
  const has = (element, ...names) => names.some((name) => element.getAttribute(name));
  const say = (rule, element) => {
    const name = element.tagName.toLowerCase() + (element.id ? `#${element.id}` : "");
    faults.push(`${rule}: <${name}> ${(element.textContent || "").trim().slice(0, 40)}`);
  };

  // the page
  if (!document.documentElement.lang) faults.push("no language on <html>");
  if (!document.title.trim()) faults.push("no title");
  if (all("main").length !== 1) faults.push("not exactly one <main>");
  if (all("h1").length !== 1) faults.push("not exactly one <h1>");
  const viewport = document.querySelector("meta[name=viewport]");
  if (!viewport) faults.push("no viewport");
  else if (/user-scalable=no|maximum-scale=1\b/.test(viewport.content)) faults.push("zoom forbidden");

  // headings
  let level = 0;
  for (const heading of all("h1,h2,h3,h4,h5,h6")) {
    const now = Number(heading.tagName[1]);
    if (level && now > level + 1) say(`heading jumps from ${level} to ${now}`, heading);
    if (!heading.textContent.trim()) say("empty heading", heading);
    level = now;
  }

  // identifiers and what points at them
  const seen = new Set();
  for (const element of all("[id]")) {
    if (seen.has(element.id)) say("id used twice", element);
    seen.add(element.id);
  }
  for (const attribute of ["aria-labelledby", "aria-describedby", "for"])
    for (const element of all(`[${attribute}]`))
      for (const id of element.getAttribute(attribute).split(/\s+/))
        if (!seen.has(id)) say(`${attribute} points nowhere`, element);
  for (const link of all('a[href^="#"]')) {
    const id = decodeURIComponent(link.getAttribute("href").slice(1));
    if (id && !seen.has(id)) say("link points nowhere", link);
  }

  // names of pictures, controls, fields and tables
  for (const image of all("img")) if (!image.hasAttribute("alt")) say("image without alt", image);
  for (const drawing of all("svg")) {
    if (drawing.closest("[aria-hidden=true]")) continue;
    const named = has(drawing, "aria-label", "aria-labelledby") || drawing.querySelector("title");
    if (drawing.getAttribute("role") !== "img" || !named) say("drawing without name", drawing);
  }
  for (const control of all("a[href],button,summary"))
    if (!control.textContent.trim() && !has(control, "aria-label")) say("control without name", control);
  for (const field of all("input,select,textarea")) {
    const labelled = (field.labels && field.labels.length) || has(field, "aria-label", "aria-labelledby");
    if (field.type !== "hidden" && !labelled) say("field without label", field);
  }
  for (const table of all("table")) {
    if (!table.caption && !has(table, "aria-label", "aria-labelledby")) say("table without caption", table);
    if (!table.querySelector("th")) say("table without header", table);
    for (const header of table.querySelectorAll("th"))
      if (!header.getAttribute("scope")) say("header without scope", header);
  }
  for (const element of all("[tabindex]"))
    if (Number(element.getAttribute("tabindex")) > 0) say("tab order forced", element);

  // contrast of text against the nearest solid ground, WCAG's formula
  const linear = (value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const colour = (css) => {
    const parts = (css.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
    return parts.length < 4 ? [...parts, 1] : parts;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found[3] > 0.99) return found;
    }
    return [255, 255, 255, 1];
  };
  const silent = new Set(["SCRIPT", "STYLE", "TITLE", "DESC"]);
  const told = new Set();
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = words.nextNode(); node; node = words.nextNode()) {
    const element = node.parentElement;
    const style = getComputedStyle(element);
    const shown = element.getClientRects().length > 0 && style.visibility !== "hidden";
    if (!node.textContent.trim() || !shown || silent.has(element.tagName.toUpperCase())) continue;
    const svg = element.closest("svg");
    const fore = colour(svg ? style.fill : style.color);
    const back = ground(svg ? svg.parentElement : element);
    const [light, dark] = [luminance(fore), luminance(back)].sort((one, other) => other - one);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const key = `${fore}/${back}/${large}`;
    if (ratio < (large ? 3 : 4.5) && !told.has(key)) {
      told.add(key);
      say(`contrast ${ratio.toFixed(2)}`, element);
    }
  }
  return faults;
})();
