// Package process has what a step does with programs in the lab: to run one, and to look
// at something with one, by whatever hand.
package process
