package obstacle

import (
	"cmp"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"nstutor/diag/table"
	"nstutor/internal/nsenter"
)

// Kind says what an obstacle is.
type Kind string

// The kinds of obstacles on a device.
const (
	TC    Kind = "tc"    // a filter of traffic control, with its actions
	TCX   Kind = "tcx"   // a BPF program that stands where those filters do
	XDP   Kind = "xdp"   // a BPF program that sees frames before the kernel does
	Netem Kind = "netem" // a queue that loses frames on purpose
)

// The two sides of a device.
const (
	Ingress = "ingress"
	Egress  = "egress"
)

// Obstacle is something on a device that may take a frame.
type Obstacle struct {
	Kind Kind
	Name string  // of a BPF program, where it can be told; else the kind of a filter
	ID   int     // of a BPF program; 0: it is none
	Loss float64 // of Netem: the part that is lost, from 0 to 1
	Into int     // of a filter: index of the device that it sends every packet of IPv4 to; 0: not that
}

// On lists the obstacles for what a device receives (Ingress) or sends (Egress), in
// the order in which a frame meets them. What cannot be read is left out: the list
// is what is known to be there.
func On(ns *nsenter.Namespace, one *table.One, dev table.Link, side string) []Obstacle {
	var found []Obstacle
	if side == Ingress {
		for _, id := range dev.XDP {
			found = append(found, Obstacle{Kind: XDP, ID: id, Name: programName(ebpf.ProgramID(id))})
		}
		found = append(found, programs(ns, dev, ebpf.AttachTCXIngress)...)
		return append(found, filters(one, dev, table.FilterIngress)...)
	}
	found = append(found, programs(ns, dev, ebpf.AttachTCXEgress)...)
	if one.Clsact(dev.Index) {
		found = append(found, filters(one, dev, table.FilterEgress)...)
	}
	if dev.Qdisc != "noqueue" {
		found = append(found, filters(one, dev, table.FilterRoot)...)
	}
	if dev.Qdisc == string(Netem) {
		if loss, err := one.NetemLoss(dev.Index); err == nil && loss > 0 {
			found = append(found, Obstacle{Kind: Netem, Loss: loss})
		}
	}
	return found
}

// filters are those of one place.
func filters(one *table.One, dev table.Link, parent uint32) (found []Obstacle) {
	all, err := one.Filters(dev.Index, parent)
	if err != nil {
		return nil
	}
	for _, f := range all {
		found = append(found, Obstacle{Kind: TC, Name: cmp.Or(f.Program, f.Kind), ID: f.ID, Into: f.Redirect})
	}
	return found
}

// programs are those of tcx, which Linux has since 6.6. Asking takes CAP_NET_ADMIN
// in the first user namespace.
func programs(ns *nsenter.Namespace, dev table.Link, at ebpf.AttachType) (found []Obstacle) {
	_ = ns.Do(func() error {
		result, err := link.QueryPrograms(link.QueryOptions{Target: dev.Index, Attach: at})
		if err != nil {
			return err
		}
		for _, p := range result.Programs {
			found = append(found, Obstacle{Kind: TCX, ID: int(p.ID), Name: programName(p.ID)})
		}
		return nil
	})
	return found
}

// programName is the name of a BPF program; empty where it has none, or may not be
// asked (CAP_SYS_ADMIN).
func programName(id ebpf.ProgramID) string {
	program, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return ""
	}
	defer program.Close()
	info, err := program.Info()
	if err != nil {
		return ""
	}
	return info.Name
}

// Called is what a person calls it: its name, with the number that bpftool(8)
// knows it by.
func (o Obstacle) Called() string {
	switch {
	case o.ID != 0 && o.Name == "":
		return fmt.Sprintf("id %d", o.ID)
	case o.ID != 0:
		return fmt.Sprintf("%s, id %d", o.Name, o.ID)
	}
	return o.Name
}
