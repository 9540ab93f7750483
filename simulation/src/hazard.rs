//! The hazards of a world, and the number of times that each has happened.

macro_rules! hazards {
    ($($group:literal { $($name:ident $text:literal,)* })*) => {
        /// Something that goes wrong in a world.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Hazard {
            $($($name,)*)*
        }

        /// Every hazard, with its group and its name.
        pub(crate) const ALL: &[(Hazard, &str, &str)] = &[$($((Hazard::$name, $group, $text),)*)*];
    };
}

hazards! {
    "kills" {
        KilledBeforeStoring "before a checkpoint was stored",
        KilledBeforeSending "after the checkpoint, before the request",
        KilledWhileOut "while a request was out",
        KilledBeforeReading "before an answer was read",
        KilledWhileWaiting "during a wait",
        KilledBeforeRecording "before the outcome was recorded",
        AnswerForgotten "an answer that was never handed to the flow",
    }
    "workers" {
        LeaseRanOut "a job taken over while its worker was alive",
        OverlappingUpload "a job taken over during its upload",
        StaleWorkerRefused "a checkpoint refused to a worker that lost its lease",
        TwoAtOnce "the same job handed to two workers",
        OldCheckpointRestored "an older checkpoint restored",
        CopyResumed "a copied checkpoint resumed after the first was done",
        AllForgotten "every checkpoint of a job lost",
        ClockSteppedForward "a worker's clock stepped forward",
        ClockSteppedBack "a worker's clock stepped back",
    }
    "storage" {
        StoreRefused "a checkpoint refused",
        StoredAndRefused "a checkpoint stored, and reported as refused",
        StoredLate "a checkpoint stored late",
    }
    "network" {
        NotSent "a request that was never sent",
        RequestLost "a request lost",
        AnswerLost "an answer lost",
        CutEarly "a connection cut while the request went on",
        ArrivedLate "a request that arrived after its sender gave it up",
        Doubled "a request delivered twice",
        SlowUpload "an upload that took most of its time limit",
    }
    "gateways" {
        GatewayBefore3xx "3xx instead of passing the request on",
        GatewayBefore4xx "4xx instead of passing the request on",
        GatewayBefore5xx "5xx instead of passing the request on",
        GatewayAfter3xx "3xx after the work was done",
        GatewayAfter4xx "4xx after the work was done",
        GatewayAfter5xx "5xx after the work was done",
        GatewayEarly3xx "3xx before the work was done",
        GatewayEarly4xx "4xx before the work was done",
        GatewayEarly5xx "5xx before the work was done",
        GatewayPage "HTML with 200",
    }
    "lies about a status" {
        CodeTwice "a result code twice",
        ResultTwice "a second result in another spelling",
        CompleteTwice "a second `job_complete` in another spelling",
        OfAnotherJob "another job's result, without its ids",
        OldSignature "a made-up result under an old signature",
        EmptyResult "an empty result",
    }
    "callbacks" {
        CallbackLate "delivered late",
        CallbackAgain "delivered again",
        CallbackReordered "delivered out of order",
        CallbackRewritten "delivered again in other bytes",
        CallbackInSeconds "signed with seconds",
        ReceiverKilled "a receiver killed between two steps",
        ReceiverRefused "a receiver whose storage refused",
        ReceiverRestarted "a receiver restarted without its memory",
    }
    "forgeries" {
        ForgedUnderSeen "another body under a signature that was seen",
        ForgedForOther "a callback made over for another job",
        ForgedUnsigned "a body without a valid signature",
    }
    "people" {
        Fraudster "another face and number under a known id",
        FraudsterFirst "another face and number before the owner of the id",
        NumberOnly "an approval of a number, not of a person",
        WebhookUnclear "a webhook that is clear of something else",
        OtherEnvironment "a result of the other environment",
        IdsShared "a check and a job with the same ids",
    }
    "advice" {
        AdvisedAgain "submit it again as it is",
        AdvisedRetry "submit it again with `with_retry(true)`",
        AdvisedResume "resume it",
        AdvisedWait "ask for its status",
        AdvisedNotAgain "don't send it again",
        AdvisedNewId "take another job id",
    }
}

/// The number of times that each hazard has happened.
#[derive(Clone, Debug)]
pub(crate) struct Hazards([u64; ALL.len()]);

impl Default for Hazards {
    fn default() -> Self {
        Self([0; ALL.len()])
    }
}

impl Hazards {
    pub(crate) fn note(&mut self, hazard: Hazard) {
        self.0[hazard as usize] += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// Those that have never happened.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        ALL.iter().filter(|(hazard, ..)| self.0[*hazard as usize] == 0).map(|(_, _, text)| *text).collect()
    }

    /// A table of all of them.
    pub(crate) fn table(&self) -> String {
        let mut table = String::new();
        let mut last = "";
        for (hazard, group, text) in ALL {
            if *group != last {
                table.push_str(&format!("{group}\n"));
                last = group;
            }
            table.push_str(&format!("{:>12}  {text}\n", self.0[*hazard as usize]));
        }
        table
    }
}
