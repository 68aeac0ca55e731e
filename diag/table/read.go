package table

import (
	"context"
	"strconv"
	"time"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Tables is a set of the kernel's tables.
type Tables uint

// The tables a Snapshot is made of.
const (
	Links Tables = 1 << iota
	Addrs
	Routes
	Neighbours
	PolicyRules
	Sysctls
	// FDB is what bridges have learned; who wants it has to ask for it.
	FDB

	AllTables = Links | Addrs | Routes | Neighbours | PolicyRules | Sysctls
)

// ReadOptions says what to read. The zero value reads every table.
type ReadOptions struct {
	// Tables to read; 0 means AllTables.
	Tables Tables
	// Names gives namespaces names by their nsfs inode, for the far ends of
	// links. They win over the names under /run/netns, which are used anyway.
	Names map[uint64]string
	// NoARP also reads the neighbours in state NOARP (loopback, multicast,
	// broadcast), which `ip neigh` hides.
	NoARP bool
	// Keys are further sysctls to read, such as
	// "net.ipv4.neigh.default.gc_thresh3". One that does not exist is left out.
	Keys []string
}

// Read takes a snapshot of ns. A table that changes while it is read is read
// again. It fails when ns is closed, when ctx ends, or when the kernel refuses
// a request; the error names the namespace and the table.
//
// The tables are read one after the other, so a change between two of them can
// show in one and not in the other: a watch.Watcher corrects that by itself.
func Read(ctx context.Context, ns *nsenter.Namespace, opts ReadOptions) (*Snapshot, error) {
	r, err := OpenReader(ns, opts)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.Refresh(ctx, &Snapshot{}, opts.Which())
}

// Which are the tables that are read.
func (o ReadOptions) Which() Tables {
	if o.Tables == 0 {
		return AllTables
	}
	return o.Tables
}

// Reader reads tables of one namespace again and again, over its own rtnetlink socket. The
// socket is not shared with Namespace.Handle, so that closing the namespace
// cannot take it away in the middle of a request. It is not for concurrent use.
type Reader struct {
	ns   *nsenter.Namespace
	conn *dumpConn
	opts ReadOptions

	links   []Link         // as last read
	names   map[int]string // of their indexes
	devconf [][]uint32     // IPv4 settings of each of links, see readSysctls
	unknown bool           // a table spoke of a device that is not in links
}

// OpenReader opens the socket of a Reader, which Close closes.
func OpenReader(ns *nsenter.Namespace, opts ReadOptions) (*Reader, error) {
	conn, err := openDumpConn(ns)
	if err != nil {
		return nil, err
	}
	return &Reader{ns: ns, conn: conn, opts: opts}, nil
}

// Close closes the socket.
func (r *Reader) Close() { r.conn.Close() }

// Refresh returns a copy of last in which the given tables are read anew.
func (r *Reader) Refresh(ctx context.Context, last *Snapshot, tables Tables) (*Snapshot, error) {
	next := *last
	next.Name, next.Inode = r.ns.Name(), r.ns.Inode()
	// Devices come first, since the other tables speak of them by index. When
	// one appeared in between, they are read a second time.
	for try := 0; try < 2; try++ {
		if r.names == nil || r.unknown || try == 0 && tables&(Links|Sysctls) != 0 {
			if err := r.readLinks(ctx); err != nil {
				return nil, err
			}
		}
		r.unknown = false
		if err := r.readTables(ctx, &next, tables); err != nil {
			return nil, err
		}
		if !r.unknown {
			break
		}
	}
	next.At = time.Now()
	return &next, nil
}

// readTables fills the tables of s.
func (r *Reader) readTables(ctx context.Context, s *Snapshot, tables Tables) error {
	if tables&Links != 0 {
		s.Links = r.links
	}
	for _, table := range []struct {
		which Tables
		name  string
		read  func() error
	}{
		{Addrs, "addresses", func() (err error) { s.Addrs, err = r.readAddrs(ctx); return }},
		{Routes, "routes", func() (err error) { s.Routes, err = r.readRoutes(ctx); return }},
		{Neighbours, "neighbours", func() (err error) { s.Neighbours, err = r.readNeighbours(ctx); return }},
		{PolicyRules, "rules", func() (err error) { s.PolicyRules, err = r.readRules(ctx); return }},
		{FDB, "FDB", func() (err error) { s.FDB, err = r.readFDB(ctx); return }},
		{Sysctls, "sysctls", func() (err error) { s.Sysctls, err = r.readSysctls(); return }},
	} {
		if tables&table.which == 0 {
			continue
		}
		if err := table.read(); err != nil {
			return say.Err("%s: read %s: %v", "%s：读取 %s：%v", r.ns.Name(), table.name, err)
		}
	}
	return nil
}

// device is the name of an interface index, "" for none. A device that
// appeared after the links were read is called if7, as iproute2 does.
func (r *Reader) device(index int) string {
	if index == 0 {
		return ""
	}
	if name, ok := r.names[index]; ok {
		return name
	}
	r.unknown = true
	return "if" + strconv.Itoa(index)
}
