package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/net/dns/dnsmessage"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	answerTTLSeconds = 2
	// A query in one UDP datagram without EDNS has at most 512 bytes; with it, clients stay far below this.
	maxQueryBytes = 4096
)

// newDNSCommand makes the DNS server of a test node: IPv4 addresses of Services, over UDP, and NXDOMAIN for all else.
// It knows <service>.<namespace>.svc.<domain>, and <host>.<service>… where Pods have a hostname.
func newDNSCommand(ctx context.Context) *cobra.Command {
	var kubeconfig, listen, domain string
	command := &cobra.Command{
		Use: "cluster-dns",
		RunE: func(*cobra.Command, []string) error {
			config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
			if err != nil {
				return err
			}
			client, err := kubernetes.NewForConfig(config)
			if err != nil {
				return err
			}
			factory := informers.NewSharedInformerFactory(client, 0)
			names := &directory{
				suffix:   ".svc." + domain,
				services: factory.Core().V1().Services().Lister(),
				slices:   factory.Discovery().V1().EndpointSlices().Lister(),
			}
			factory.Start(ctx.Done())
			factory.WaitForCacheSync(ctx.Done())
			return serveDNS(ctx, listen, names)
		},
	}
	command.Flags().StringVar(&kubeconfig, "kubeconfig", "", "how to reach the API server")
	command.Flags().StringVar(&listen, "listen", "10.96.0.10:53", "UDP address")
	command.Flags().StringVar(&domain, "domain", "cluster.local", "domain of the cluster")
	return command
}

// directory finds the addresses of names.
type directory struct {
	suffix   string
	services corelisters.ServiceLister
	slices   discoverylisters.EndpointSliceLister
}

// lookup returns the addresses of a name, and whether there is such a name.
func (d *directory) lookup(name string) ([]net.IP, bool) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	path, ours := strings.CutSuffix(name, d.suffix)
	if !ours {
		return nil, false
	}
	parts := strings.Split(path, ".")
	host := ""
	if len(parts) == 3 {
		host, parts = parts[0], parts[1:]
	}
	if len(parts) != 2 {
		return nil, false
	}
	service, err := d.services.Services(parts[1]).Get(parts[0])
	if err != nil {
		return nil, false
	}
	headless := service.Spec.ClusterIP == corev1.ClusterIPNone
	switch {
	case service.Spec.Type == corev1.ServiceTypeExternalName:
		return nil, true
	case !headless && host == "":
		return []net.IP{net.ParseIP(service.Spec.ClusterIP)}, true
	default:
		addresses := d.endpoints(service, host)
		return addresses, len(addresses) > 0
	}
}

// endpoints returns the addresses of a Service's ready Pods; of the one with this hostname, unless that is empty.
func (d *directory) endpoints(service *corev1.Service, host string) []net.IP {
	selector := labels.SelectorFromSet(labels.Set{discoveryv1.LabelServiceName: service.Name})
	slices, err := d.slices.EndpointSlices(service.Namespace).List(selector)
	if err != nil {
		return nil
	}
	var addresses []net.IP
	for _, slice := range slices {
		for _, endpoint := range slice.Endpoints {
			ready := endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready || service.Spec.PublishNotReadyAddresses
			if !ready || host != "" && (endpoint.Hostname == nil || *endpoint.Hostname != host) {
				continue
			}
			for _, address := range endpoint.Addresses {
				addresses = append(addresses, net.ParseIP(address))
			}
		}
	}
	return addresses
}

func serveDNS(ctx context.Context, listen string, names *directory) error {
	connection, err := net.ListenPacket("udp", listen)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { connection.Close() })
	fmt.Fprintln(os.Stderr, "cluster-dns listens on", listen)
	buffer := make([]byte, maxQueryBytes)
	for {
		size, client, err := connection.ReadFrom(buffer)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		var query dnsmessage.Message
		if query.Unpack(buffer[:size]) != nil || query.Response || len(query.Questions) != 1 {
			continue
		}
		if answer, err := answerTo(query, names).Pack(); err == nil {
			// A lost answer is asked for again, as in all of DNS.
			_, _ = connection.WriteTo(answer, client)
		}
	}
}

func answerTo(query dnsmessage.Message, names *directory) *dnsmessage.Message {
	question := query.Questions[0]
	answer := &dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: query.ID, Response: true, Authoritative: true,
			RecursionDesired: query.RecursionDesired, RecursionAvailable: true,
		},
		Questions: query.Questions,
	}
	addresses, exists := names.lookup(question.Name.String())
	if !exists {
		answer.RCode = dnsmessage.RCodeNameError
		return answer
	}
	for _, address := range addresses {
		v4 := address.To4()
		if v4 == nil || question.Type != dnsmessage.TypeA {
			continue
		}
		answer.Answers = append(answer.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{
				Name: question.Name, Class: dnsmessage.ClassINET, TTL: answerTTLSeconds,
			},
			Body: &dnsmessage.AResource{A: [4]byte(v4)},
		})
	}
	return answer
}
