// Package session plays the course, and draws nothing: whatever shows it, a
// terminal, a transcript or a terminal far away, is given the same Session.
//
//	        keys                     messages
//	shower ───────▶ Session ◀─────────────────── feed, ledger
//	   ▲               │  Work: plain functions       ▲
//	   └── fields ─────┘─────────▶ desk, Hands ───────┘
//
// A Session (session.go) is told what the learner does by its methods, and what
// happened by Take. It never waits: what takes time comes back as Work
// (work.go), functions whose results are messages (messages.go) for Take.
//
//   - The Scene (scene.go) is the step one is at; the Stage (stage.go) is how it
//     is played: a Lesson (lesson.go, judge.go, elsewhere.go) keeps its command back
//     until it is asked for, a Drill (drill.go, try.go, hint.go, takeback.go, score.go)
//     has none. moves.go goes from step to step.
//   - The Network (network.go, pinglog.go) is what package feed reports of the lab:
//     tables, frames, the ping's answers.
//   - Why (why.go) asks diag/explain what becomes of the ping, and witness.go
//     holds the answer against what was seen. Its fix is tried in a copy of the lab
//     (stamp.go), for which the answer does not wait.
//   - Typing (typing.go) is what the learner types, and shell.go the shell; both
//     are run by package console.
//   - The desk (desk.go) lets one job at a time use the player; the ledger
//     (ledger.go, summary.go) writes down what was learned, in order.
//
// A panic in any of this is a message too: see package rescue.
package session
