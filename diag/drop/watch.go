package drop

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"nstutor/internal/plainfile"
	"nstutor/internal/say"
)

// btfPath is where the kernel shows its own types.
const btfPath = "/sys/kernel/btf/vmlinux"

// backlog is how many drops wait for a slow reader.
const backlog = 1024

// kernelLayout reads the layout once: the kernel does not change while it runs.
var kernelLayout = sync.OnceValues(func() (*layout, error) {
	file, err := plainfile.Open(btfPath)
	if err != nil {
		return nil, &Missing{NeedTypes, err}
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, &Missing{NeedTypes, err}
	}
	// It is some megabytes, of which a few pages are looked into more than once: to
	// map them takes a tenth of the time that reading takes, where the kernel can.
	btf, err := unix.Mmap(int(file.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
	if err == nil {
		defer unix.Munmap(btf)
		return readLayout(btf)
	}
	btf = make([]byte, info.Size())
	if _, err := io.ReadFull(file, btf); err != nil {
		return nil, &Missing{NeedTypes, err}
	}
	return readLayout(btf)
})

// Watcher hears of the drops of some flows.
type Watcher struct {
	drops   chan Drop
	link    link.Link
	program *ebpf.Program
	shared  shared
	reader  *ringbuf.Reader
	began   time.Time // and the kernel's clock at the same moment
	clock   time.Duration
	missed  atomic.Uint64
	unread  uint64 // what the kernel had no room for, once it is closed
	done    chan struct{}

	close       sync.Once
	stopWaiting func() bool
}

// Watch tells of the packets of some flows that are dropped anywhere on the
// machine after it has returned. It ends by Close or with the context.
//
// It fails with a *Missing where the caller or the kernel lacks something; it
// has changed nothing then. The first one in a process takes some 10 ms, half of
// them to read the kernel's types, and each other one 3 ms.
func Watch(ctx context.Context, f Filter) (*Watcher, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if err := allowed(); err != nil {
		return nil, err
	}
	l, err := kernelLayout()
	if err != nil {
		return nil, err
	}
	w := &Watcher{drops: make(chan Drop, backlog), done: make(chan struct{})}
	if err := w.attach(l, f); err != nil {
		w.detach()
		w.release()
		return nil, refused(err)
	}
	go w.run(l.reasons)
	w.stopWaiting = context.AfterFunc(ctx, w.end)
	return w, nil
}

// attach loads the program and hooks it in.
func (w *Watcher) attach(l *layout, f Filter) (err error) {
	if w.shared, err = makeShared(); err != nil {
		return err
	}
	w.program, err = ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "nstutor_drops", Type: ebpf.RawTracepoint, License: programLicence, Instructions: program(l, f, w.shared),
	})
	if err != nil {
		return say.Err("load the program: %v", "加载程序：%v", err)
	}
	if w.reader, err = ringbuf.NewReader(w.shared.events); err != nil {
		return err
	}
	w.began, w.clock = time.Now(), monotonic()
	w.link, err = link.AttachRawTracepoint(link.RawTracepointOptions{Name: "kfree_skb", Program: w.program})
	return err
}

// Drops delivers the drops in the order in which the kernel tells of them. The
// channel is closed when the Watcher has ended, behind all that it has seen. When
// nobody reads, what exceeds a backlog of 1024 is counted by Lost.
func (w *Watcher) Drops() <-chan Drop { return w.drops }

// Lost is how many drops there was no room for.
func (w *Watcher) Lost() uint64 {
	select {
	case <-w.done:
		return w.missed.Load() + w.unread
	default:
		return w.missed.Load() + w.shared.unread()
	}
}

// Close ends the Watcher: no program is attached any more when it returns, and
// all drops until then are in the channel.
func (w *Watcher) Close() {
	w.stopWaiting()
	w.end()
	<-w.done
}

// end detaches the program and lets run read what it has said.
func (w *Watcher) end() {
	w.close.Do(func() {
		w.detach()
		// It fails where run has ended for another reason, and needs no waking then.
		_ = w.reader.Flush()
	})
}

func (w *Watcher) detach() {
	if w.link != nil {
		w.link.Close()
	}
}

// release gives everything back but the link.
func (w *Watcher) release() {
	if w.reader != nil {
		w.reader.Close()
	}
	if w.program != nil {
		w.program.Close()
	}
	w.shared.close()
}

// run reads until it is flushed.
func (w *Watcher) run(reasons map[uint32]string) {
	defer close(w.done)
	defer close(w.drops)
	var record ringbuf.Record
	for {
		err := w.reader.ReadInto(&record)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			break
		}
		drop, ktime, ok := decode(record.RawSample, reasons)
		if !ok {
			continue
		}
		drop.Time = w.began.Add(ktime - w.clock)
		select {
		case w.drops <- drop:
		default:
			w.missed.Add(1)
		}
	}
	w.unread = w.shared.unread()
	w.release()
}

// monotonic is the clock that the program reads.
func monotonic() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil { // it has no reason to fail
		return 0
	}
	return time.Duration(ts.Nano())
}
