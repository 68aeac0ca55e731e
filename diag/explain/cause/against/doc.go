// Package against has the causes that were seen against what was predicted: by the probe, or
// by the kernel's own word of what it dropped.
package against
