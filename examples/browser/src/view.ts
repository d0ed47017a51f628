/** Elements, made shortly. */
export function by(id: string): HTMLElement {
  return document.getElementById(id)!;
}

/** Replaces what an element holds. */
export function fill(id: string, ...children: (Node | string)[]): void {
  const element = by(id);
  element.replaceChildren(...children);
  if (element.tagName === 'SECTION') element.hidden = children.length === 0;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  children: (Node | string)[] = [],
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export function paragraph(text: string): HTMLParagraphElement {
  return make('p', {}, [text]);
}

/** A button; without anything to do, that of a form. */
export function button(text: string, does?: () => unknown, className = ''): HTMLButtonElement {
  const made = make('button', { type: does ? 'button' : 'submit', className }, [text]);
  if (does) made.onclick = () => void does();
  return made;
}

export function card(title: string, children: (Node | string)[]): HTMLElement {
  return make('div', { className: 'card' }, [make('h2', {}, [title]), ...children]);
}
