//! A permit of the vault's door is used once.

fn twice(rejection: decision::gate::vault::Rejection) -> [decision::gate::vault::Rejection; 2] {
    [rejection.clone(), rejection]
}

fn main() {
    let _ = twice;
}
