// Package screen is what everything that is drawn is made of, and knows nothing
// of the course:
//
//   - Look (look.go): the language and the Theme (theme.go, glyphs.go) that all
//     panes share, with the title line of a pane (frame.go);
//   - text in cells (text.go), broken into lines (wrap.go) in Latin and in
//     Chinese, and the Markdown of the lessons (markdown.go);
//   - Scroll (frame.go), how far a pane is moved;
//   - Sealed (sealed.go), the last look at a line before the terminal gets it.
package screen
