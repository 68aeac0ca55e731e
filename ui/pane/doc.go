// Package pane has the panes of the course's screen. Each is a plain struct that
// is told how large it is (SetSize) and draws itself exactly as large (View). What
// it shows it reads from a session.Session, how from a screen.Look; the text it
// scrolls, the line that is typed into it and the cursor are its own. None knows
// the others, the keys, or where it stands.
//
//   - Lesson (lesson.go) is what there is to read and to do: a sheet (sheet.go) for
//     each kind of stage, the step's (step.go, step_below.go) and the exercise's
//     (drill.go, level.go), and below it trouble and what comes next (pinned.go).
//   - Live (live.go, links.go, rows.go) is the kernel's tables, and the ping
//     (ping.go) below them.
//   - Topology (topology.go, boxes.go, paint.go) is a picture of the network; while
//     the learner asks why, it marks where the packet dies (death.go).
//   - Wire (wire.go) is the frames as they passed.
//   - Why (why.go) is the answer to why the ping hangs, in the lesson's place.
//   - Console (console.go, complete.go) is the command line.
//   - Outline and Summary (outline.go, summary.go, summary_view.go) cover the
//     others.
package pane
