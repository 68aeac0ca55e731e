// Package explain says where and why a packet dies, and the smallest fix.
//
// Package trace follows the packet; here its findings become an answer, a packet
// is really sent and watched on its way, and what was predicted is compared with
// what was seen. What cannot be seen is said to be unknown. Nothing here changes
// the kernel.
package explain
