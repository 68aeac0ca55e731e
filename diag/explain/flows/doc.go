// Package flows has packets by what stands in their headers: what a person asks
// about, a rule can match and a frame shows.
package flows
