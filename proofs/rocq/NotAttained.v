(* not_attained: no network has the risk of a bound. A tree's leaf that proves no more than the bound fixes the predictions (the goal), and
   leaves to each unit the rays of a closed cell on which the leaf's vector is 0: a face. Vectors q refute every set of faces: <q, goal> <= 0,
   but sigma <q, H> >= 0 on the faces, and one of the two is strict. *)
Require Import Reals ZArith List Lra Lia Arith Bool Permutation.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck Rays Homogeneous TreeBound.
Import ListNotations.
Open Scope R_scope.

(* ---- sets of faces: for each vector whether the face admits it, and is strict ---- *)
Definition bits : Type := list (bool * bool).
(* what is left of the vectors: None, not admitted; Some true, with something strict *)
Fixpoint restrict (F : bits) (st : list (option bool)) : list (option bool) :=
  match F, st with
  | f :: F', x :: st' => match x with Some b => if fst f then Some (b || snd f) else None | None => None end :: restrict F' st'
  | _, _ => []
  end.
Definition strict (x : option bool) : bool := match x with Some true => true | _ => false end.
(* a vector that is strict now, and admitted by all that is left *)
Definition ends (left : list bits) (st : list (option bool)) : bool :=
  existsb (fun p => strict (fst p) && match snd p with Some _ => true | None => false end) (combine st (fold_right restrict st left)).
Fixpoint refuted (left : list bits) (size : nat) (st : list (option bool)) : bool :=
  existsb strict st && (ends left st ||
    match left, size with F :: left', S size' => refuted left' size st && refuted left' size' (restrict F st) | _, _ => true end).
Definition same_bits : forall F F' : bits, {F = F'} + {F <> F'}.
Proof. apply list_eq_dec. intros [a b] [c d]. destruct (bool_dec a c), (bool_dec b d); (left; congruence) || (right; congruence). Defined.

Lemma restrict_at F : forall st i b, nth_error (restrict F st) i = Some (Some b) ->
  exists c s, nth_error st i = Some (Some c) /\ nth_error F i = Some (true, s) /\ b = c || s.
Proof.
  induction F as [|[a s] F IH]; intros [|x st] [|i] b H; try discriminate; cbn [restrict nth_error fst snd] in *; auto.
  destruct x as [c|]; [|discriminate]. destruct a; [|discriminate]. inversion H. exists c, s. auto.
Qed.
Lemma in_at {A} (P : A -> bool) l : existsb P l = true -> exists i x, nth_error l i = Some x /\ P x = true.
Proof. intros H. apply existsb_exists in H. destruct H as (x & I & E). apply In_nth_error in I. destruct I as (i & I). eauto. Qed.
Lemma combine_at {A B} : forall (u : list A) (v : list B) i p, nth_error (combine u v) i = Some p -> nth_error u i = Some (fst p) /\ nth_error v i = Some (snd p).
Proof. induction u; intros [|b v] [|i] p H; try discriminate; simpl in *; auto. inversion H. auto. Qed.
Lemma refuted_ok : forall left size st, refuted left size st = true -> forall L, incl L left -> (length L <= size)%nat ->
  exists i b, nth_error st i = Some (Some b) /\ (forall F, In F L -> exists s, nth_error F i = Some (true, s)) /\
    (b = true \/ exists F, In F L /\ nth_error F i = Some (true, true)).
Proof.
  assert (NONE : forall st, existsb strict st = true -> exists i, nth_error st i = Some (Some true)).
  { intros st H. destruct (in_at _ _ H) as (i & [[|]|] & I & E); try discriminate. eauto. }
  assert (ALL : forall left st i b, nth_error (fold_right restrict st left) i = Some (Some b) -> forall F, In F left -> exists s, nth_error F i = Some (true, s)).
  { induction left as [|F0 left IH]; intros st i b H F []; cbn [fold_right] in H; destruct (restrict_at _ _ _ _ H) as (c & s & A & B & _); [subst; eauto|eapply IH; eauto]. }
  induction left as [|F left IH]; intros size st H L HL HS; cbn [refuted] in H; apply andb_prop in H; destruct H as [H1 H].
  - assert (L = []) by (destruct L as [|F L]; auto; destruct (HL F (or_introl eq_refl))). subst. destruct (NONE st H1) as (i & I). exists i, true. split; auto. split; [intros F []|auto].
  - apply orb_prop in H. destruct H as [H|H].
    + destruct (in_at _ _ H) as (i & p & I & E). apply combine_at in I. destruct I as [I1 I2]. apply andb_prop in E. destruct E as [E1 E2].
      destruct (fst p) as [[|]|]; try discriminate. destruct (snd p) as [b|]; try discriminate. exists i, true. split; auto. split; auto. intros F' HF. eapply ALL; eauto.
    + destruct size as [|size].
      { destruct L; [|simpl in HS; lia]. destruct (NONE st H1) as (i & I). exists i, true. split; auto. split; [intros F' []|auto]. }
      apply andb_prop in H. destruct H as [N Y]. destruct (in_dec same_bits F L) as [IN|OUT].
      * destruct (IH size (restrict F st) Y (remove same_bits F L)) as (i & b & I & A & S).
        { intros F' HF. apply in_remove in HF. destruct HF as [HF NE]. destruct (HL F' HF); [congruence|auto]. }
        { assert (Q := remove_length_lt same_bits L F IN). lia. }
        destruct (restrict_at _ _ _ _ I) as (c & s & C1 & C2 & C3). exists i, c. split; auto. split.
        { intros F' HF. destruct (same_bits F' F); [subst; eauto|]. apply A. apply in_in_remove; auto. }
        destruct S as [S|(F' & HF & E)].
        { rewrite S in C3. destruct c; auto. simpl in C3. subst s. right. exists F. auto. }
        right. exists F'. split; auto. apply in_remove in HF. tauto.
      * apply (IH (S size) st N); auto. intros F' HF. destruct (HL F' HF); [subst; contradiction|auto].
Qed.

Section NotAttained.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Variable shrink : list t -> list t.
Hypothesis shrink_ok : forall v, exists k, 0 < k /\ forall X, dot (rv (shrink v)) X = k * dot (rv v) X.
Variable h : act t.
Variable bh : bool.
Variable D : list (list t * list t).
Variable G : list (list t).
Variable extra : list (list t).
Notation region := (region K).
Notation gen := (gen K).
Notation planes := (planes K false h bh D extra).
Notation made := (made K KR false h bh D).
Notation fits := (fits K KR).
Notation sound := (sound K KR false h bh D extra).
Notation pull := (pull K KR false h bh D).
Notation columnR := (columnR K KR false h bh D).
Notation nu := (nu false).

(* ---- the leaves of the tree: each vector with each region of a unit there ---- *)
Definition leaf : Type := (Z * region)%type.
Definition noted (e : Z) (R : region) (acc : list leaf) : list leaf :=
  if existsb (fun x : leaf => Z.eqb (fst x) e && same_region K R (snd x)) acc then acc else (e, R) :: acc.
Fixpoint leaves (base : Z) (Ps : list (list t)) (fuel : nat) (code : list Z) (st : list region) (acc : list leaf) : option (list Z * list leaf) :=
  match fuel, code with
  | S fuel', e :: code' =>
      if (0 <=? e)%Z then
        match nth_error G (Z.to_nat e) with
        | Some g => if forallb (admits K g) st then Some (code', fold_right (noted e) acc st) else None
        | None => None
        end
      else
        let '(j, q) := Z.div_eucl (-1 - e) base in
        match nth_error st (Z.to_nat j) with
        | None => None
        | Some R => match split K Ps (Z.to_nat q) R with
            | None => None
            | Some (low, high) =>
                (fix each (ks : list nat) (code : list Z) (acc : list leaf) : option (list Z * list leaf) :=
                   match ks with
                   | [] => Some (code, acc)
                   | k :: ks' => match leaves base Ps fuel' code (place K k R low high st) acc with None => None | Some (code', acc') => each ks' code' acc' end
                   end) (seq 0 (S (copies K R st))) code' acc
            end
        end
  | _, _ => None
  end.
Definition in_leaf (acc : list leaf) (e : Z) (R : region) : Prop := exists R', In (e, R') acc /\ same_region K R R' = true.
Lemma same_region_refl R : same_region K R R = true.
Proof.
  assert (V : forall v : list t, same_vec K v v = true).
  { unfold same_vec. induction v as [|a v IH]; simpl; auto. rewrite IH. replace (leb K a a) with true by (symmetry; apply (leb_ok KR); lra). auto. }
  unfold same_region. rewrite !Bool.eqb_reflx. simpl. destruct R as [gs s]. simpl. clear s. induction gs as [|g gs IH]; simpl; auto. rewrite V. auto.
Qed.
Lemma noted_keeps e R acc : incl acc (noted e R acc).
Proof. unfold noted. destruct (existsb _ _); [apply incl_refl|apply incl_tl, incl_refl]. Qed.
Lemma noted_all e acc : forall st, incl acc (fold_right (noted e) acc st) /\ forall R, In R st -> in_leaf (fold_right (noted e) acc st) e R.
Proof.
  induction st as [|R0 st [I A]]; cbn [fold_right]; [split; [apply incl_refl|intros R []]|]. split; [eapply incl_tran; [exact I|apply noted_keeps]|].
  intros R [<-|HR].
  - unfold noted, in_leaf. destruct (existsb _ _) eqn:E.
    + apply existsb_exists in E. destruct E as ([e' R'] & HI & E). simpl in E. apply andb_prop in E. destruct E as [E1 E2]. apply Z.eqb_eq in E1. subst. eauto.
    + exists R0. split; [left; auto|apply same_region_refl].
  - destruct (A R HR) as (R' & I' & S). exists R'. split; auto. apply noted_keeps; auto.
Qed.
Lemma leaves_keeps base Ps : forall fuel code st acc code' acc', leaves base Ps fuel code st acc = Some (code', acc') -> incl acc acc'.
Proof.
  induction fuel as [|fuel IH]; intros [|e code] st acc code' acc' W; cbn [leaves] in W; try discriminate. destruct (0 <=? e)%Z.
  - destruct (nth_error G _); [|discriminate]. destruct (forallb _ _); [|discriminate]. inversion W; subst. apply noted_all.
  - destruct (Z.div_eucl _ _) as [j q]. destruct (nth_error st _) as [R|]; [|discriminate]. destruct (split _ _ _ _) as [[low high]|]; [|discriminate].
    revert W. generalize (seq 0 (S (copies K R st))). intros ks. revert code acc. induction ks as [|k ks IHk]; intros code acc W; [inversion W; apply incl_refl|].
    destruct (leaves _ _ _ _ _ _) as [[c a]|] eqn:E; [|discriminate]. eapply incl_tran; [eapply IH; eauto|eapply IHk; eauto].
Qed.
Lemma leaves_made base : forall fuel code st acc code' acc', leaves base planes fuel code st acc = Some (code', acc') -> Forall made st ->
  (forall x, In x acc -> made (snd x)) -> forall x, In x acc' -> made (snd x).
Proof.
  induction fuel as [|fuel IH]; intros [|e code] st acc code' acc' W M A; cbn [leaves] in W; try discriminate. destruct (0 <=? e)%Z.
  - destruct (nth_error G _); [|discriminate]. destruct (forallb _ _); [|discriminate]. inversion W; subst. clear W. induction M as [|R st MR M IHM]; cbn [fold_right]; auto.
    intros x Hx. unfold noted in Hx at 1. destruct (existsb _ _); [auto|]. destruct Hx as [<-|Hx]; auto.
  - destruct (Z.div_eucl _ _) as [j q]. destruct (nth_error st (Z.to_nat j)) as [R|] eqn:E; [|discriminate]. destruct (split K planes (Z.to_nat q) R) as [[low high]|] eqn:ES; [|discriminate].
    assert (MR : made R) by (rewrite Forall_forall in M; apply M; eapply nth_error_In; eauto). destruct (split_made K KR false h bh D extra _ _ _ _ ES MR) as [ML MH].
    revert W. generalize (seq 0 (Datatypes.S (copies K R st))). intros ks. revert code acc A. induction ks as [|k ks IHk]; intros code acc A W; [inversion W; subst; auto|].
    destruct (leaves base planes fuel code (place K k R low high st) acc) as [[c a]|] eqn:EL; [|discriminate]. apply (IHk c a); auto.
    eapply (IH _ _ _ _ _ EL); auto. apply (place_made K KR false h bh D); auto.
Qed.
Lemma leaves_ok base : forall fuel code st acc code' acc' us, leaves base planes fuel code st acc = Some (code', acc') -> Forall made st -> Forall2 fits us st -> Forall sound us ->
  exists e g, (0 <= e)%Z /\ nth_error G (Z.to_nat e) = Some g /\ forall u, In u us -> exists R, in_leaf acc' e R /\ fits u R /\ made R /\ admits K g R = true.
Proof.
  induction fuel as [|fuel IH]; intros [|e code] st acc code' acc' us W M F S; cbn [leaves] in W; try discriminate. destruct (0 <=? e)%Z eqn:E0.
  - destruct (nth_error G _) as [g|] eqn:EG; [|discriminate]. destruct (forallb _ _) eqn:A; [|discriminate]. inversion W; subst.
    destruct (noted_all e acc st) as [_ N]. apply Z.leb_le in E0. rewrite forallb_forall in A. exists e, g. split; auto. split; auto. intros u Hu.
    assert (X : exists R, In R st /\ fits u R) by (clear - F Hu; induction F; destruct Hu; [subst; eexists; split; [left|]; eauto|destruct IHF as (R & I & Q); auto; exists R; split; [right|]; auto]).
    destruct X as (R & HR & FR). exists R. rewrite Forall_forall in M. auto 6.
  - destruct (Z.div_eucl _ _) as [j q]. destruct (nth_error st (Z.to_nat j)) as [R|] eqn:E; [|discriminate].
    destruct (split K planes (Z.to_nat q) R) as [[low high]|] eqn:ES; [|discriminate].
    assert (MR : made R) by (rewrite Forall_forall in M; apply M; eapply nth_error_In; eauto). destruct (split_made K KR false h bh D extra _ _ _ _ ES MR) as [ML MH].
    destruct (place_fits K KR false h bh D extra R low high (fun u Su Fu => split_fits K KR false h bh D extra u _ R low high ES (proj2 Su) Fu) st us F S) as (k & us' & L & P & H).
    assert (X : exists code1 acc1 code2 acc2, leaves base planes fuel code1 (place K k R low high st) acc1 = Some (code2, acc2) /\ incl acc2 acc').
    { assert (IK : In k (seq 0 (Datatypes.S (copies K R st)))) by (apply in_seq; lia). revert W IK. generalize (seq 0 (Datatypes.S (copies K R st))). clear - KR. intros ks. revert code acc.
      induction ks as [|k' ks IHk]; intros code acc W []; destruct (leaves base planes fuel code (place K k' R low high st) acc) as [[c a]|] eqn:E; try discriminate; eauto.
      subst. exists code, acc, c, a. split; auto. clear - KR W. revert c a W. induction ks as [|k' ks IH]; intros c a W; [inversion W; apply incl_refl|].
      destruct (leaves _ _ _ _ _ _) as [[c' a']|] eqn:E; [|discriminate]. eapply incl_tran; [eapply leaves_keeps; eauto|eapply IH; eauto]. }
    destruct X as (code1 & acc1 & code2 & acc2 & X & IA). destruct (IH _ _ _ _ _ us' X (place_made K KR false h bh D R low high k st M ML MH) H) as (e' & g & He & EG & Q).
    { rewrite Forall_forall in *. intros u Hu. apply S. eapply Permutation_in; [apply Permutation_sym; eauto|auto]. }
    exists e', g. split; auto. split; auto. intros u Hu. destruct (Q u) as (R1 & (R2 & I2 & S2) & Q1); [eapply Permutation_in; eauto|]. exists R1. split; auto. exists R2. auto.
Qed.

(* ---- the faces of a region ---- *)
Fixpoint cells (Ps : list (list t)) (gs : list gen) : list (list gen) :=
  match Ps with
  | [] => [gs]
  | P :: Ps' => let low := keep K (fun s => leb K s z0) P gs in let high := keep K (leb K z0) P gs in
      if (length low =? length gs)%nat || (length high =? length gs)%nat then cells Ps' gs else cells Ps' low ++ cells Ps' high
  end.
Definition above (v : gen) : bool := negb (leb K (hd z0 (fst v)) z0).
Definition side (plus : bool) (s : t) : t := if plus then s else z0 -! s.
Definition bits_of (qs : list (list t)) (plus : bool) (Z : list gen) : bits :=
  map (fun q => (forallb (fun v : gen => leb K z0 (side plus (dotT K q (snd v)))) Z, forallb (fun v : gen => negb (above v) || negb (leb K (side plus (dotT K q (snd v))) z0)) Z)) qs.
Definition faces_of (qs : list (list t)) (g : list t) (R : region) : list bits :=
  flat_map (fun C => let Z := filter (fun v : gen => is0 K (dotT K g (snd v))) C in
    if existsb above Z then (if fst (snd R) then [bits_of qs true Z] else []) ++ (if snd (snd R) then [bits_of qs false Z] else []) else []) (cells planes (fst R)).
(* the regions at the leaves of vector e, and the vectors q, each with whether <q, goal> < 0 *)
Definition refutes (units : nat) (acc : list leaf) (e : Z) (g : list t) (seps : list (list t * bool)) : bool :=
  let mine := filter (fun x : leaf => Z.eqb (fst x) e) acc in
  refuted (nodup same_bits (flat_map (fun x : leaf => faces_of (map fst seps) g (snd x)) mine)) units (map (fun q => Some (snd q)) seps).

Definition term (u : real_unit) (q : list t) (x : R * list R) : R := weight u * (fst x * dot (rv q) (columnR (snd x))).
Lemma wsum_terms k (f : list R -> R) : forall ls rs, k * wsum ls (map f rs) = sum (fun x => k * (fst x * f (snd x))) (combine ls rs).
Proof. induction ls as [|l ls IH]; intros [|x rs]; simpl; try ring. rewrite <- IH. ring. Qed.
Lemma pull_terms q u : pull q u = sum (term u q) (combine (parts u) (at_rays u)).
Proof. unfold TreeBound.pull, term. apply (wsum_terms (weight u) (fun ray => dot (rv q) (columnR ray))). Qed.
Lemma sum_all_zero {I} (f : I -> R) S : (forall i, In i S -> f i <= 0) -> 0 <= sum f S -> forall i, In i S -> f i = 0.
Proof.
  induction S as [|j S IH]; intros H P i []; simpl in P; assert (A := H j (or_introl eq_refl)); assert (B : sum f S <= 0) by (assert (X : 0 <= sum (fun i => - f i) S) by (apply sum_pos; intros i' Hi; specialize (H i' (or_intror Hi)); lra);
    rewrite (sum_ext _ (fun i => -1 * f i)) in X by (intros; ring); rewrite sum_scal in X; lra); [subst; lra|].
  apply IH; auto; [intros; apply H; right; auto|lra].
Qed.
Lemma sum_one_positive {I} (f : I -> R) S i : (forall i, In i S -> 0 <= f i) -> In i S -> 0 < f i -> 0 < sum f S.
Proof.
  induction S as [|j S IH]; intros H []; intros P; simpl; assert (A := H j (or_introl eq_refl)); assert (B : 0 <= sum f S) by (apply sum_pos; intros; apply H; right; auto); [subst; lra|].
  assert (0 < sum f S) by (apply IH; auto; intros; apply H; right; auto). lra.
Qed.
(* a unit is in a cell of its region *)
Lemma in_a_cell u : forall Ps gs, (forall P, In P Ps -> (forall ray, In ray (at_rays u) -> 0 <= dot ray (rv P)) \/ (forall ray, In ray (at_rays u) -> dot ray (rv P) <= 0)) ->
  (forall ray, In ray (at_rays u) -> In ray (map (fun v : gen => rv (fst v)) gs)) -> exists C, In C (cells Ps gs) /\ incl C gs /\ forall ray, In ray (at_rays u) -> In ray (map (fun v : gen => rv (fst v)) C).
Proof.
  assert (KI : forall f P gs, incl (keep K f P gs) gs) by (intros f P gs x Hx; apply filter_In in Hx; tauto).
  induction Ps as [|P Ps IH]; intros gs C F; cbn [cells].
  - exists gs. split; [left; auto|]. split; [apply incl_refl|auto].
  - assert (C' := fun P' HP => C P' (or_intror HP)). destruct (_ || _); [apply IH; auto|]. destruct (C P (or_introl eq_refl)) as [S|S].
    + destruct (IH (keep K (leb K z0) P gs) C') as (X & I & J & A).
      { intros ray Hr. assert (Q := F ray Hr). apply in_map_iff in Q. destruct Q as (v & <- & Hv). apply in_map_iff. exists v. split; auto. apply filter_In. split; auto. apply (leb_ok KR). rewrite toR_zero, dotT_ok. auto. }
      exists X. split; [apply in_or_app; auto|]. split; auto. eapply incl_tran; eauto.
    + destruct (IH (keep K (fun s => leb K s z0) P gs) C') as (X & I & J & A).
      { intros ray Hr. assert (Q := F ray Hr). apply in_map_iff in Q. destruct Q as (v & <- & Hv). apply in_map_iff. exists v. split; auto. apply filter_In. split; auto. apply (leb_ok KR). rewrite toR_zero, dotT_ok. auto. }
      exists X. split; [apply in_or_app; auto|]. split; auto. eapply incl_tran; eauto.
Qed.
Definition placed (u : real_unit) (g : list t) (R : region) : Prop :=
  sound u /\ wsum (parts u) (map nu (at_rays u)) = 1 /\ fits u R /\ made R /\ forall x, In x (combine (parts u) (at_rays u)) -> term u g x = 0.
(* what a face says about a unit that is on it *)
Definition obeys (u : real_unit) (qs : list (list t)) (F : bits) : Prop :=
  forall i q a s, nth_error qs i = Some q -> nth_error F i = Some (a, s) -> a = true -> 0 <= pull q u /\ (s = true -> 0 < pull q u).
Lemma face_exists u g R qs : placed u g R -> weight u <> 0 -> exists F, In F (faces_of qs g R) /\ obeys u qs F.
Proof.
  intros ([SP SC] & VS & [F1 F2] & M & Z0) NW. destruct (in_a_cell u planes (fst R) SC F2) as (C & IC & JC & AC).
  set (Z := filter (fun v : gen => is0 K (dotT K g (snd v))) C).
  (* the rays with a positive part *)
  assert (ON : forall x, In x (combine (parts u) (at_rays u)) -> 0 <= fst x /\ (0 < fst x -> exists v, In v Z /\ rv (fst v) = snd x /\ rv (snd v) = columnR (snd x))).
  { intros [k ray] Hx. assert (Hk := in_combine_l _ _ _ _ Hx). assert (Hr := in_combine_r _ _ _ _ Hx). cbn [fst snd] in *. rewrite Forall_forall in SP. split; [auto|]. intros Pk.
    assert (Q := AC ray Hr). apply in_map_iff in Q. destruct Q as (v & Ev & Hv). exists v. assert (CV : rv (snd v) = columnR ray) by (rewrite <- Ev; apply M, JC; auto).
    split; [|auto]. apply filter_In. split; auto. apply (is0_ok K KR). rewrite dotT_ok, CV. assert (T := Z0 _ Hx). unfold term in T. cbn [fst snd] in T.
    apply Rmult_integral in T. destruct T as [T|T]; [contradiction|]. apply Rmult_integral in T. destruct T; [lra|auto]. }
  (* one of them has nu > 0 *)
  assert (UP : exists x v, In x (combine (parts u) (at_rays u)) /\ 0 < fst x /\ In v Z /\ above v = true /\ rv (snd v) = columnR (snd x)).
  { assert (S1 : sum (fun x => 1 * (fst x * nu (snd x))) (combine (parts u) (at_rays u)) = 1) by (rewrite <- wsum_terms, VS; ring).
    assert (E : (exists x, In x (combine (parts u) (at_rays u)) /\ 0 < fst x * nu (snd x)) \/ sum (fun x => 1 * (fst x * nu (snd x))) (combine (parts u) (at_rays u)) <= 0).
    { clear. induction (combine (parts u) (at_rays u)) as [|x l [(y & I & P)|H]]; cbn [sum]; [right; lra|left; exists y; split; [right|]; auto|].
      destruct (Rlt_le_dec 0 (fst x * nu (snd x))); [left; exists x; split; [left|]; auto|right; lra]. }
    destruct E as [(x & Hx & P)|E]; [|lra]. destruct (ON x Hx) as [P0 Q]. assert (Pk : 0 < fst x) by (destruct P0 as [P0|P0]; [auto|rewrite <- P0, Rmult_0_l in P; lra]).
    destruct (Q Pk) as (v & Hv & E1 & E2). exists x, v. split; auto. split; auto. split; auto. split; auto. unfold above. apply negb_true_iff. destruct (leb K _ z0) eqn:L; auto. exfalso.
    apply (leb_ok KR) in L. rewrite toR_zero in L. assert (N : nu (snd x) = r (hd z0 (fst v))).
    { rewrite <- E1. unfold TreeBound.nu. destruct (fst v) as [|a w]; simpl; [rewrite toR_zero; auto|]. destruct (InteriorCheck.rv KR w); simpl; ring. }
    rewrite N in P. nra. }
  assert (FACE : forall plus : bool, (if plus then fst (snd R) = true /\ 0 <= weight u else snd (snd R) = true /\ weight u <= 0) -> exists F, In F (faces_of qs g R) /\ obeys u qs F).
  { intros plus HS. exists (bits_of qs plus Z). split.
    - unfold faces_of. apply in_flat_map. exists C. split; auto. fold Z. cbv zeta. replace (existsb above Z) with true.
      + destruct plus, HS as [-> _]; apply in_or_app; [left|right]; left; auto.
      + symmetry. apply existsb_exists. destruct UP as (x & v & _ & _ & Hv & A & _). exists v. auto.
    - intros i q a s Hq HF Ha. unfold bits_of in HF. rewrite nth_error_map in HF. rewrite Hq in HF. simpl in HF. inversion HF as [[E1 E2]]. rewrite Ha in E1.
      assert (SG : forall s, weight u * r s = Rabs (weight u) * r (side plus s)).
      { intros s0. unfold side. destruct plus; [rewrite Rabs_right by lra; auto|]. rewrite Rabs_left1, toR_sub, toR_zero by lra. ring. }
      assert (PW := Rabs_pos_lt _ NW). rewrite forallb_forall in E1.
      assert (TP : forall x, In x (combine (parts u) (at_rays u)) -> 0 <= term u q x).
      { intros x Hx. destruct (ON x Hx) as [P0 Q]. unfold term. destruct P0 as [P0|P0]; [|rewrite <- P0; lra]. destruct (Q P0) as (v & Hv & _ & E3). specialize (E1 v Hv).
        apply (leb_ok KR) in E1. rewrite toR_zero in E1. rewrite <- E3, <- dotT_ok. assert (S := SG (dotT K q (snd v))).
        replace (weight u * (fst x * r (dotT K q (snd v)))) with (fst x * (weight u * r (dotT K q (snd v)))) by ring. rewrite S. apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; lra. }
      rewrite pull_terms. split; [apply sum_pos; auto|]. intros Hs. rewrite forallb_forall in Hs.
      destruct UP as (x & v & Hx & P0 & Hv & A & E3). apply (sum_one_positive _ _ x); auto. specialize (Hs v Hv). rewrite A in Hs. simpl in Hs. apply negb_true_iff in Hs.
      assert (P1 : 0 < r (side plus (dotT K q (snd v)))).
      { destruct (Rlt_le_dec 0 (r (side plus (dotT K q (snd v))))) as [|L]; auto. exfalso. rewrite <- (toR_zero KR) in L. apply (leb_ok KR) in L. congruence. }
      unfold term. rewrite <- E3, <- dotT_ok. replace (weight u * (fst x * r (dotT K q (snd v)))) with (fst x * (weight u * r (dotT K q (snd v)))) by ring. rewrite SG.
      apply Rmult_lt_0_compat; auto. apply Rmult_lt_0_compat; auto. }
  destruct F1 as [F1|F1]; [apply (FACE true)|apply (FACE false)]; auto.
Qed.
Lemma refutes_ok units acc e g seps us : refutes units acc e g seps = true -> (length us <= units)%nat ->
  (forall u, In u us -> exists R, In (e, R) acc /\ placed u g R) ->
  exists q b, In (q, b) seps /\ 0 <= sum (pull q) us /\ (b = false -> 0 < sum (pull q) us).
Proof.
  unfold refutes. set (left := nodup same_bits _). intros H HL HU.
  assert (X : exists L, incl L left /\ (length L <= length us)%nat /\ (forall u, In u us -> weight u <> 0 -> exists F, In F L /\ obeys u (map fst seps) F) /\
    forall F, In F L -> exists u, In u us /\ weight u <> 0 /\ obeys u (map fst seps) F).
  { clear HL H. induction us as [|u us IH]; [exists []; split; [intros F []|]; split; auto; split; [intros u []|intros F []]|]. destruct IH as (L & I & HL & A & B); [intros; apply HU; right; auto|].
    destruct (Req_EM_T (weight u) 0) as [Z|NW].
    - exists L. split; auto. split; [simpl; lia|]. split; [intros u' [<-|Hu] N; [contradiction|auto]|]. intros F HF. destruct (B F HF) as (u' & Hu & Q). exists u'. split; [right|]; auto.
    - destruct (HU u (or_introl eq_refl)) as (R & HR & PR). destruct (face_exists u g R (map fst seps) PR NW) as (F & HF & OF). exists (F :: L). split.
      { intros F' [<-|HF']; auto. apply nodup_In. apply in_flat_map. exists (e, R). split; auto. apply filter_In. split; auto. apply Z.eqb_refl. }
      split; [simpl; lia|]. split.
      + intros u' [<-|Hu] N; [exists F; split; [left|]; auto|]. destruct (A u' Hu N) as (F' & HF' & O'). exists F'. split; [right|]; auto.
      + intros F' [<-|HF']; [exists u; split; [left|]; auto|]. destruct (B F' HF') as (u' & Hu & Q). exists u'. split; [right|]; auto. }
  destruct X as (L & I & LL & A & B). destruct (refuted_ok _ _ _ H L I) as (i & b & Ni & AD & ST); [lia|].
  rewrite nth_error_map in Ni. destruct (nth_error seps i) as [[q b']|] eqn:Q; [|discriminate]. simpl in Ni. inversion Ni; subst b'.
  assert (Q' : nth_error (map fst seps) i = Some q) by (rewrite nth_error_map, Q; auto).
  assert (P : forall u, In u us -> 0 <= pull q u).
  { intros u Hu. destruct (Req_EM_T (weight u) 0) as [Z|NW]; [unfold TreeBound.pull; rewrite Z; lra|]. destruct (A u Hu NW) as (F & HF & O). destruct (AD F HF) as (s & Hs). apply (O i q true s); auto. }
  exists q, b. split; [eapply nth_error_In; eauto|]. split; [apply sum_pos; auto|]. intros ->. destruct ST as [|(F & HF & E)]; [discriminate|].
  destruct (B F HF) as (u & Hu & NW & O). apply (sum_one_positive _ _ u); auto. apply (O i q true true); auto.
Qed.

Definition check_unattained (code : list Z) (units width n : nat) (bo : bool) (S : list (option (list (list t * bool)))) : bool :=
  joinedT K (fst h) (snd h) && ((units =? width)%nat || (length D <=? units)%nat && (units <=? width)%nat) && forallb (vector_ok K D bo) G &&
  forallb (fun s => match s with None => true | Some seps => forallb (fun q : list t * bool => vector_ok K D bo (fst q)) seps end) S && (length S =? length G)%nat &&
  match leaves (Z.of_nat (Datatypes.S (length planes))) planes (length code) code (repeat (root K shrink false h bh D extra (Datatypes.S n)) units) [] with
  | Some ([], acc) => forallb (fun x : nat * (list t * option (list (list t * bool))) => match snd (snd x) with None => true | Some seps => refutes units acc (Z.of_nat (fst x)) (fst (snd x)) seps end)
      (combine (seq 0 (length G)) (combine G S))
  | _ => false
  end.
Lemma terms_below u g R x : sound u -> fits u R -> made R -> admits K g R = true -> In x (combine (parts u) (at_rays u)) -> term u g x <= 0.
Proof.
  intros [SP _] [F1 F2] M A Hx. destruct x as [k ray]. assert (Hk := in_combine_l _ _ _ _ Hx). assert (Hr := in_combine_r _ _ _ _ Hx). rewrite Forall_forall in SP. specialize (SP k Hk).
  assert (Q := F2 ray Hr). apply in_map_iff in Q. destruct Q as (v & <- & Hv). unfold term. cbn [fst snd]. rewrite <- (M v Hv), <- dotT_ok.
  destruct R as [gs [plus minus]]. unfold admits in A. cbn [fst snd] in *. rewrite forallb_forall in A. specialize (A v Hv). apply andb_prop in A. destruct A as [A1 A2].
  set (d := dotT K g (snd v)) in *. destruct F1 as [[-> W]|[-> W]]; simpl in A1, A2.
  - apply (leb_ok KR) in A1. rewrite toR_zero in A1. assert (0 <= weight u * k) by (apply Rmult_le_pos; auto). nra.
  - apply (leb_ok KR) in A2. rewrite toR_zero in A2. assert (0 <= k * r d) by (apply Rmult_le_pos; auto). nra.
Qed.
Lemma nth_seq_combine {A} : forall (l : list A) a k x, nth_error l k = Some x -> In ((a + k)%nat, x) (combine (seq a (length l)) l).
Proof. induction l as [|y l IH]; intros a [|k] x H; try discriminate; simpl in *; [inversion H; left; f_equal; lia|]. right. replace (a + Datatypes.S k)%nat with (Datatypes.S a + k)%nat by lia. apply IH; auto. Qed.
Theorem check_unattained_ok code units width n bo S : check_unattained code units width n bo S = true ->
  forall (out : list R) (W : list (list R)),
    length out = ((if bo then 1 else 0) + width)%nat -> length W = width -> (forall row, In row W -> length row = n) ->
    exists g s F, In (g, s) (combine G S) /\ length g = length D /\ (forall d, net (rN KR [(bo, act_out K); (bh, h)]) [[out]; W] (rv (fst d)) = [F d]) /\ dot (rv g) (map F D) <= 0 /\
      forall seps, s = Some seps -> dot (rv g) (map F D) = 0 -> exists q b, In (q, b) seps /\ 0 <= dot (rv q) (map F D) /\ (b = false -> 0 < dot (rv q) (map F D)).
Proof.
  unfold check_unattained. intros HC out W LO LW LR. repeat (apply andb_prop in HC; let H := fresh "C" in destruct HC as [HC H]).
  rewrite forallb_forall in C1, C2. apply Nat.eqb_eq in C0. destruct (leaves _ _ _ _ _ _) as [[[|] acc]|] eqn:EW; try discriminate. rewrite forallb_forall in C.
  destruct (few_units K KR h bh D units width n bo C3 out W LO LW LR) as (S1 & F & L1 & LR1 & NF & E).
  set (R0 := root K shrink false h bh D extra (Datatypes.S n)) in *.
  assert (X : exists us, length us = units /\ Forall2 fits us (repeat R0 units) /\ Forall sound us /\ (forall u, In u us -> wsum (parts u) (map nu (at_rays u)) = 1) /\
    forall g, sum (pull g) us = sum (fun p => fst p * dot (hidden K KR h bh D (snd p)) (rv g)) S1).
  { subst units. clear EW C3 C E. induction S1 as [|[v row] S1 IH].
    - exists []. simpl. repeat split; auto. intros u [].
    - destruct IH as (us & L & FU & SU & VU & H); [intros; apply LR1; right; auto|].
      destruct (unit_exists K KR shrink shrink_ok false h bh D extra v row n (LR1 (v, row) (or_introl eq_refl)) HC eq_refl) as (u & Su & Fu & Wu & Vu & Pu).
      exists (u :: us). split; [simpl; auto|]. split; [simpl; constructor; auto|]. split; [constructor; auto|]. split; [intros u' [<-|Hu]; auto|].
      intros g. cbn [sum fst snd]. rewrite H, Pu. unfold hidden. rewrite (dot_comm (rv g)). reflexivity. }
  destruct X as (us & LU & FU & SU & VU & PU).
  assert (MR : Forall made (repeat R0 units)).
  { apply Forall_forall. intros R' HR. apply repeat_spec in HR. subst R'. unfold R0, TreeBound.made, root. cbn [fst]. intros g Hg. apply in_map_iff in Hg. destruct Hg as (v & <- & _). cbn [fst snd]. apply column_ok. }
  destruct (leaves_ok _ _ _ _ _ _ _ us EW MR FU SU) as (e & g & He & EG & Q).
  assert (MA := leaves_made _ _ _ _ _ _ _ EW MR (fun x Hx => match Hx with end)).
  destruct (nth_error S (Z.to_nat e)) as [s|] eqn:ES.
  2:{ apply nth_error_None in ES. assert (Z.to_nat e < length G)%nat by (apply nth_error_Some; congruence). lia. }
  assert (EGS : nth_error (combine G S) (Z.to_nat e) = Some (g, s)).
  { clear - EG ES. revert EG ES. generalize (Z.to_nat e). revert S. induction G as [|g0 G0 IH]; intros [|s0 S] [|k] EG ES; try discriminate; simpl in *; [inversion EG; inversion ES; auto|auto]. }
  assert (IG : In g G) by (eapply nth_error_In; eauto). assert (VG := C2 g IG).
  assert (DG : dot (rv g) (map F D) = sum (pull g) us) by (rewrite E, PU; auto).
  assert (TB : forall u, In u us -> forall x, In x (combine (parts u) (at_rays u)) -> term u g x <= 0).
  { intros u Hu x Hx. destruct (Q u Hu) as (R & _ & FR & MR' & AR). rewrite Forall_forall in SU. eapply terms_below; eauto. }
  assert (PB : forall u, In u us -> pull g u <= 0).
  { intros u Hu. rewrite pull_terms. assert (N : 0 <= sum (fun x => -1 * term u g x) (combine (parts u) (at_rays u))) by (apply sum_pos; intros x Hx; specialize (TB u Hu x Hx); lra). rewrite sum_scal in N. lra. }
  exists g, s, F. split; [eapply nth_error_In; eauto|]. split; [apply andb_prop in VG; apply Nat.eqb_eq, VG|]. split; auto. split.
  { rewrite DG. assert (N : 0 <= sum (fun u => -1 * pull g u) us) by (apply sum_pos; intros u Hu; specialize (PB u Hu); lra). rewrite sum_scal in N. lra. }
  intros seps -> Z0. rewrite DG in Z0.
  assert (IN : In (Z.to_nat e, (g, Some seps)) (combine (seq 0 (length G)) (combine G S))).
  { assert (N := nth_seq_combine (combine G S) 0 _ _ EGS). rewrite combine_length, C0, Nat.min_id in N. exact N. }
  assert (RF := C _ IN). cbn [fst snd] in RF. rewrite Z2Nat.id in RF by auto.
  destruct (refutes_ok units acc e g seps us RF) as (q & b & Hq & P1 & P2); [lia| |].
  - intros u Hu. destruct (Q u Hu) as (R & (R' & IR & SR) & FR & _ & _). exists R'. split; auto. rewrite Forall_forall in SU. split; [auto|]. split; [auto|].
    split; [eapply same_region_ok; eauto|]. split; [apply (MA _ IR)|]. apply sum_all_zero; [apply TB; auto|]. rewrite <- pull_terms.
    rewrite (sum_all_zero (pull g) us PB (Req_le _ _ (eq_sym Z0)) u Hu). lra.
  - assert (VQ : vector_ok K D bo q = true).
    { specialize (C1 (Some seps)). assert (I : In (Some seps) S) by (eapply nth_error_In; eauto). specialize (C1 I). simpl in C1. rewrite forallb_forall in C1. apply (C1 (q, b) Hq). }
    exists q, b. split; auto. rewrite (E q VQ), <- PU. auto.
Qed.
End NotAttained.
