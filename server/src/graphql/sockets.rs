//! How many websockets one address and one user may have open.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use kinora_entity::UserId;

use crate::account::ClientAddress;

/// A household behind one address, with some tabs each.
const PER_ADDRESS: usize = 60;
const PER_USER: usize = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Holder {
    Address(ClientAddress),
    User(UserId),
}

/// The open sockets of this process.
#[derive(Clone, Default)]
pub struct SocketPlaces(Arc<Mutex<HashMap<Holder, usize>>>);

/// A place that is given back when it is dropped.
pub struct SocketPlace {
    places: SocketPlaces,
    holder: Holder,
}

impl SocketPlaces {
    /// A place for a socket from this address, unless it has too many.
    pub fn for_address(&self, address: ClientAddress) -> Option<SocketPlace> {
        self.take(Holder::Address(address), PER_ADDRESS)
    }

    /// A place for a socket of this user, unless there are too many.
    pub fn for_user(&self, user: UserId) -> Option<SocketPlace> {
        self.take(Holder::User(user), PER_USER)
    }

    fn take(&self, holder: Holder, most: usize) -> Option<SocketPlace> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(holder).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(SocketPlace { places: self.clone(), holder })
    }
}

impl Drop for SocketPlace {
    fn drop(&mut self) {
        let mut open = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.holder) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.holder);
            }
        }
    }
}
