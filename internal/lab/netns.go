package lab

import (
	"sync"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// AddNetns does what `ip netns add` does, and pins the sysctls of the new
// namespace. Its loopback stays down, as the kernel makes it.
func (l *Lab) AddNetns(name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.add(name)
}

// add makes namespaces, all at the same time.
func (l *Lab) add(names ...string) error {
	made := make([]*nsenter.Namespace, len(names))
	err := together(len(names), func(i int) (err error) {
		made[i], err = createPinned(names[i])
		return err
	})
	for i, ns := range made {
		if ns != nil {
			l.forget(names[i])
			l.spaces[names[i]] = ns
		}
	}
	return err
}

func createPinned(name string) (*nsenter.Namespace, error) {
	path, err := PathOf(name)
	if err != nil {
		return nil, err
	}
	ns, err := nsenter.Create(name, path)
	if err != nil {
		return nil, err
	}
	sealSys(ns)
	return ns, Pin(ns)
}

// together does n pieces of work at the same time.
func together(n int, work func(int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = work(i) })
	}
	all.Wait()
	return say.Join(errs...)
}

// DelNetns does what `ip netns del` does.
func (l *Lab) DelNetns(name string) error {
	path, err := PathOf(name)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(name)
	if err := nsenter.Delete(path); err != nil {
		return say.Err("delete network namespace %q: %v", "删除网络命名空间 %q：%v", name, err)
	}
	return nil
}
