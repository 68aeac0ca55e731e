package machine

import (
	"context"

	"nstutor/diag/netfilter/eval"
	"nstutor/diag/table"
)

// env answers what the rules of the namespace ask.
func (n *Space) Env() eval.Kernel {
	one, err := n.Ask()
	return eval.Kernel{One: one, Err: err}
}

// Device is one device of a namespace with its IPv4 addresses.
type Device struct {
	Link  table.Link
	Addrs []table.Addr
}

// Devices lists the devices but lo. It reads them all: only what has no route
// at all needs it.
func (n *Space) Devices() ([]Device, error) {
	snap, err := table.Read(context.Background(), n.NS, table.ReadOptions{Tables: table.Links | table.Addrs})
	if err != nil {
		return nil, err
	}
	var devices []Device
	for _, link := range snap.Links {
		if link.Has("LOOPBACK") {
			continue
		}
		d := Device{Link: link}
		for _, a := range snap.AddrsOn(link.Name) {
			if a.Family() == 4 {
				d.Addrs = append(d.Addrs, a)
			}
		}
		devices = append(devices, d)
	}
	return devices, nil
}

// VXLANDevice finds the device of the namespace that belongs to the same VXLAN as
// another end of it.
func (n *Space) VXLANDevice(net *table.VXLAN) (table.Link, bool, error) {
	devices, err := n.Devices()
	if err != nil {
		return table.Link{}, false, err
	}
	for _, d := range devices {
		if v := d.Link.VXLAN; v != nil && v.DstPort == net.DstPort && (v.VNI == net.VNI || v.External) {
			return d.Link, true, nil
		}
	}
	return table.Link{}, false, nil
}
