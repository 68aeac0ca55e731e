// Package contract has the actions and claims of CNI's contract between a runtime and its
// plugins: a plugin that the learner writes, the calls that a runtime makes, and what
// becomes of a namespace by them.
package contract
