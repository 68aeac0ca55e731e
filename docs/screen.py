#!/usr/bin/env python3
"""Renders a terminal's screen, as `tmux capture-pane -e -p` prints it, to SVG.

    tmux capture-pane -e -p -t SESSION | docs/screen.py > docs/screen.svg
"""
import html
import re
import sys
import unicodedata

CELL, LINE, SIZE = 8.4, 18, 14
COLOURS = ["#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0"]
INK, PAPER = "#d7dae0", "#1e2127"


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def style(codes, state):
    """Applies the numbers of one SGR sequence to a style."""
    for code in codes:
        if code == 0:
            state = {}
        elif code in (1, 2, 3, 4, 7, 9):
            state = {**state, code: True}
        elif code in (22, 23, 24, 27, 29):
            gone = {22: (1, 2), 23: (3,), 24: (4,), 27: (7,), 29: (9,)}[code]
            state = {k: v for k, v in state.items() if k not in gone}
        elif 30 <= code <= 37 or 90 <= code <= 97:
            state = {**state, "ink": COLOURS[code % 10]}
        elif code == 39:
            state = {k: v for k, v in state.items() if k != "ink"}
    return state


def attributes(state):
    ink = state.get("ink", INK)
    if 7 in state:
        ink = PAPER
    out = f' fill="{ink}"'
    if 1 in state:
        out += ' font-weight="bold"'
    if 2 in state:
        out += ' opacity="0.65"'
    if 3 in state:
        out += ' font-style="italic"'
    if 4 in state or 9 in state:
        out += f' text-decoration="{"underline" if 4 in state else "line-through"}"'
    return out


def main():
    lines = sys.stdin.read().rstrip("\n").split("\n")
    body, columns, state = [], 0, {}
    for row, line in enumerate(lines):
        column, y = 0, (row + 1) * LINE
        for part in re.split(r"(\x1b\[[0-9;]*m)", line):
            if part.startswith("\x1b["):
                state = style([int(c or 0) for c in part[2:-1].split(";")], state)
                continue
            if not part:
                continue
            cells = width(part)
            x = column * CELL + CELL
            if 7 in state:
                body.append(f'<rect x="{x:.1f}" y="{y - SIZE:.1f}" width="{cells * CELL:.1f}" height="{LINE}" fill="{state.get("ink", INK)}"/>')
            if part.strip():
                body.append(f'<text x="{x:.1f}" y="{y}" textLength="{cells * CELL:.1f}"{attributes(state)}>{html.escape(part)}</text>')
            column += cells
        columns = max(columns, column)
    w, h = (columns + 2) * CELL, (len(lines) + 1) * LINE
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{w:.0f}" height="{h:.0f}" viewBox="0 0 {w:.0f} {h:.0f}" '
          f'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="{SIZE}" xml:space="preserve">')
    print(f'<rect width="100%" height="100%" rx="6" fill="{PAPER}"/>')
    print("\n".join(body))
    print("</svg>")


main()
