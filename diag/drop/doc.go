// Package drop asks the kernel itself which packets it drops, where and why: it
// listens at the tracepoint kfree_skb, which every drop passes, with a small BPF
// program that lets nothing through but the packets of some flows.
//
//	w, err := drop.Watch(ctx, drop.Filter{Flows: []drop.Flow{request, request.Reply()}})
//	if missing, ok := errors.AsType[*drop.Missing](err); ok {
//		// Not an error of the question: go on without a witness, and say missing.Text().
//	}
//	// … send the packet and wait for what becomes of it …
//	w.Close()
//	for d := range w.Drops() {
//		// d.Reason.Name is NETFILTER_DROP, d.Device eth0, and d.Netns is
//		// Space.NS.Inode() of the namespace where the packet ended.
//	}
//
// It takes CAP_BPF and CAP_PERFMON in the machine's own user namespace, and a
// kernel that says reasons (5.17). All namespaces are watched at once. Nothing is
// changed, and nothing stays: the kernel takes the program away with the
// descriptors of this process, whichever way that ends.
package drop
