//! The way out of a sandbox without a network: a proxy on its loopback device that knows a list of hosts.
//!
//! The warden listens inside the sandbox's network namespace and hands the listening socket to the host, which accepts from
//! there and connects from its own network. Names are resolved here, once per connection, and the address connected to is
//! the one that was checked; inside the sandbox there is no other way to any address.

pub mod address;
pub mod allow;
pub mod connect;
pub mod hello;
pub mod request;
pub mod serve;
pub mod variables;
