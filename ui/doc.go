// Package ui is the course in the terminal: the lesson beside live tables, a
// running ping, the frames on the wire and a picture of the network.
//
// One Bubble Tea model (model.go) owns what internal/session plays and the panes
// that draw it, and holds itself only what a key needs to know: where everything
// stands (layout.go), what covers it, and which keys work now (keys.go). Update
// (update.go) hands each message to the session and each key to what it means;
// the session's work becomes commands (work.go). run.go puts it on a terminal.
//
//	ui          keys, layout, overlays, the program
//	ui/pane     what stands on the screen
//	ui/screen   what it is drawn with
//	ui/words    what it says
//
// The tests here look at the screen without a lab; ui/played has those that play
// the course over a real one.
package ui
