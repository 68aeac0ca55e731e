// Package feed follows a lab and reports what it sees, as the messages in
// reports.go: the tables of every namespace (feed.go), the frames on every wire
// (taps.go), and the answers of one ping (pinger.go). It is told by an Aim what to
// look at more closely.
package feed
